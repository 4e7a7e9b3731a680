#!/usr/bin/env bash
# Checks the code for Windows and macOS on a Debian (x86_64) machine that has no other toolchain.
#
#   check-cross.sh check   [cargo arguments]   clippy for each target of $CROSS_TARGETS
#   check-cross.sh test    [cargo arguments]   tests as Windows programs under wine (needs mingw-w64 and wine)
#   check-cross.sh sysroot                     only fetch the compiler and build std's metadata
#
# Ends with 0 when all is well, 1 when the code is wrong, 77 when the compiler cannot be had here.
#
# How: Debian has a package of a recent compiler and one of the source of exactly that compiler's std. Both are
# unpacked into a cache (nothing is installed, no right is needed), std is compiled from its source for each target
# once, and cargo is pointed at the result with --sysroot. A check links nothing, so C compilers, linkers and SDKs of
# the targets are not needed; small stand-ins take their place in build scripts.
set -euo pipefail

mode=${1:-check}
[ $# -gt 0 ] && shift
cache=${CROSS_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/nightkeep-cross}
targets=${CROSS_TARGETS:-x86_64-pc-windows-msvc aarch64-apple-darwin}
oldest=${CROSS_MIN_RUST:-1.95.0}
windows=x86_64-pc-windows-gnu
packages="rustc-web cargo-web rust-web-src rust-web-clippy"

say() { echo "check-cross: $*" >&2; }
skip() { say "SKIPPED: $*"; exit 77; }

# The version that compiler and source have in common; an update of the package lists is tried once.
candidate() { apt-cache policy rustc-web rust-web-src 2>/dev/null | awk '/Candidate/ {print $2}' | sort -u; }
find_version() {
  command -v apt-get >/dev/null || skip "there is no apt-get"
  version=$(candidate)
  case $version in
    '' | *none*) { [ "$(id -u)" = 0 ] && apt-get -q update >&2 && version=$(candidate); } || : ;;
  esac
  case $version in
    '' | *none*) skip "the package rustc-web is not known; run 'apt-get update' first" ;;
    *$'\n'*) skip "the packages rustc-web and rust-web-src have different versions" ;;
  esac
}

# Downloads and unpacks the compiler, once for each version.
unpack_compiler() {
  root=$cache/root-$version
  [ -e "$root/.complete" ] && return
  local debs=$cache/debs needed deb
  rm -rf "$root" "$debs"
  mkdir -p "$root" "$debs"
  # shellcheck disable=SC2086 # a list of words
  needed=$(apt-get install -s --no-install-recommends $packages 2>/dev/null | awk '/^Inst/ {print $2}')
  # shellcheck disable=SC2046,SC2086 # lists of words
  (cd "$debs" && apt-get -o APT::Sandbox::User=root download -qq $(printf '%s\n' $packages $needed | sort -u)) ||
    skip "the compiler cannot be downloaded"
  for deb in "$debs"/*.deb; do
    case $deb in
      */rust-web-src_*)
        dpkg-deb --fsys-tarfile "$deb" |
          tar -x -C "$root" --wildcards './usr/src/rustc-*/library' './usr/lib/rustlib/src*' ;;
      *) dpkg -x "$deb" "$root" ;;
    esac
  done
  rm -rf "$debs"
  touch "$root/.complete"
}

use_compiler() {
  local found
  export PATH=$root/usr/bin:$PATH
  export LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  export RUSTC=$root/usr/bin/rustc RUSTDOC=$root/usr/bin/rustdoc CARGO=$root/usr/bin/cargo
  # What rustup, or a cargo that called us, has set would lead back to the other toolchain.
  unset RUSTUP_TOOLCHAIN RUSTC_BOOTSTRAP RUSTFLAGS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER CARGO_BUILD_TARGET
  found=$("$RUSTC" -V | cut -d' ' -f2) || skip "the unpacked compiler does not start"
  [ "$(printf '%s\n' "$oldest" "$found" | sort -V | head -1)" = "$oldest" ] ||
    skip "the compiler to be had is $found, and the workspace needs $oldest"
  export CARGO_TARGET_DIR=${CROSS_TARGET_DIR:-$cache/target}
  export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
}

# Stand-ins for the C tools of build scripts: each leaves an empty file where the real one leaves its result.
write_stand_ins() {
  stand_ins=$cache/stand-ins
  mkdir -p "$stand_ins"
  cat >"$stand_ins/cc" <<'END'
#!/bin/sh
out= preprocess= source= previous=
for word in "$@"; do
  [ "$previous" = -o ] && out=$word
  case $word in
    -E | /E | -EP) preprocess=1 ;;
    -o?*) out=${word#-o} ;;
    [-/]Fo*) out=${word#???} ;;
    *.c | *.cc | *.cpp | *.m | *.mm | *.rc) [ -f "$word" ] && source=$word ;;
  esac
  previous=$word
done
[ -n "$preprocess" ] && exec cc -E -P -D__clang__=1 -x c "$source"
[ -n "$out" ] && : >"$out"
exit 0
END
  cat >"$stand_ins/ar" <<'END'
#!/bin/sh
for word in "$@"; do
  case $word in
    [-/][oO][uU][tT]:*) : >"${word#?????}"; exit 0 ;;
    *.a | *.lib) : >"$word"; exit 0 ;;
  esac
done
END
  cat >"$stand_ins/windres" <<'END'
#!/bin/sh
previous=
for word in "$@"; do
  [ "$word" = -V ] && { echo "GNU windres (stand-in)"; exit 0; }
  case $previous in -o | --output) : >"$word" ;; esac
  previous=$word
done
END
  chmod +x "$stand_ins"/*
}

# std for TARGET: metadata only (HOW = check), or libraries that can be linked (HOW = build).
build_std() { # TARGET HOW
  local kind=rmeta libraries=$cache/sysroot-$2-$version/lib/rustlib/$1/lib
  [ -e "$libraries/.complete" ] && return
  [ "$2" = build ] && kind=rlib
  say "std for $1 ($2)"
  rm -rf "$libraries" "$cache/std"
  mkdir -p "$libraries"
  env RUSTC_BOOTSTRAP=1 __CARGO_DEFAULT_LIB_METADATA=nightkeep-cross CARGO_TARGET_DIR="$cache/std" \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_DEBUG=0 \
    RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=no" \
    cargo "$2" -q --locked --release --target "$1" -p sysroot --features backtrace,panic-unwind \
    --manifest-path "$root/usr/lib/rustlib/src/rust/library/sysroot/Cargo.toml"
  cp "$cache/std/$1/release/deps/"*."$kind" "$libraries/"
  touch "$libraries/.complete"
  rm -rf "$cache/std"
}

use_std() { # TARGET HOW
  local name=${1//-/_} flags=--sysroot=$cache/sysroot-$2-$version
  export "CARGO_TARGET_${name^^}_RUSTFLAGS=$flags" "CARGO_TARGET_${name^^}_RUSTDOCFLAGS=$flags"
  if [ "$2" = check ]; then
    export "CC_$name=$stand_ins/cc" "CXX_$name=$stand_ins/cc" "AR_$name=$stand_ins/ar" "RC_$name=$stand_ins/windres"
  fi
}

# A wine prefix of our own, with what wine 8 has not: bcryptprimitives.dll, from which std takes its random numbers, and
# the number of the boot.
prepare_wine() {
  export WINEPREFIX=$cache/wine WINEDEBUG=-all DISPLAY= WINEDLLOVERRIDES="mscoree=;mshtml="
  trap 'wineserver -k 2>/dev/null || :' EXIT # the server of this prefix only
  [ "$WINEPREFIX/.complete" -nt "${BASH_SOURCE[0]}" ] && return
  rm -rf "$WINEPREFIX"
  timeout 180 wineboot -i >"$cache/wineboot.log" 2>&1 </dev/null || skip "wineboot failed"
  timeout 60 wine winecfg -v win10 >>"$cache/wineboot.log" 2>&1 </dev/null
  local memory='HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management'
  timeout 60 wine reg add "$memory\\PrefetchParameters" /v BootId /t REG_DWORD /d 1 /f \
    >>"$cache/wineboot.log" 2>&1 </dev/null
  cat >"$cache/random.c" <<'END'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }
END
  x86_64-w64-mingw32-gcc -shared -O1 -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" \
    "$cache/random.c" -ladvapi32
  touch "$WINEPREFIX/.complete"
}

run_tests() {
  command -v x86_64-w64-mingw32-gcc >/dev/null || skip "there is no x86_64-w64-mingw32-gcc"
  command -v wine >/dev/null || skip "there is no wine"
  build_std $windows build
  use_std $windows build
  export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
  export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine
  prepare_wine
  cargo test --target $windows --no-run "$@"
  # Into a file: a program left behind in wine would hold a pipe open for ever.
  local status=0
  timeout "${CROSS_TEST_S:-600}" cargo test --target $windows "$@" >"$cache/test.log" 2>&1 </dev/null || status=$?
  cat "$cache/test.log"
  [ $status = 0 ] || exit 1
  # An exit code comes out of wine with its last eight bits only, so a program that has crashed can look like success.
  local begun passed
  begun=$(grep -cE '^running [0-9]+ tests?' "$cache/test.log" || :)
  passed=$(grep -cE '^test result: ok' "$cache/test.log" || :)
  [ "$begun" -gt 0 ] && [ "$begun" = "$passed" ] || {
    say "$begun test programs have begun and $passed have passed"
    exit 1
  }
}

mkdir -p "$cache"
find_version
unpack_compiler
use_compiler
write_stand_ins
case $mode in
  sysroot)
    for target in $targets; do build_std "$target" check; done ;;
  check)
    for target in $targets; do
      build_std "$target" check
      use_std "$target" check
      say "clippy for $target"
      "$root/usr/bin/cargo-clippy" clippy --target "$target" --all-targets "$@" -- -D warnings || exit 1
    done ;;
  test) run_tests "$@" ;;
  *) say "usage: check-cross.sh [check|test|sysroot] [cargo arguments]"; exit 2 ;;
esac
