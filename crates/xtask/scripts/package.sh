#!/usr/bin/env bash
# Packs a quick build and looks at the package as whoever installs it would: what is in it, whether its programs start from
# where they are put, its manual, its completions, its desktop entries, and what `lintian` says where that is there.
#
# With $NIGHTKEEP_PACKAGE_DEB the package is that file. With $NIGHTKEEP_PACKAGE_ROOT, the folder of a clean Debian (of
# `debootstrap --variant=minbase bookworm FOLDER`), it is installed there with what it depends on, its window and its tray
# are started there as a user of its own, and it is removed and purged; that needs root, a registry of Debian's packages,
# and changes that folder.
#
# Ends with 0 when all is well, 1 when something is not, 77 where no package can be made.
set -euo pipefail
cd "$(dirname "$0")/../../.."

skip() { echo "package: SKIPPED: $*" >&2; exit 77; }
ok() { echo "ok: $*"; }
bad() { echo "package: $*" >&2; exit 1; }

command -v dpkg-deb >/dev/null || skip "there is no dpkg-deb"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

deb=${NIGHTKEEP_PACKAGE_DEB:-}
unstripped=()
if [ -z "$deb" ]; then
  cargo xtask package --quick | tee "$folder/said"
  deb=$(sed -n 's/^to install it: sudo apt install //p' "$folder/said")
  unstripped=(--suppress-tags unstripped-binary-or-object)
fi
[ -f "$deb" ] || bad "no package was made"

# --- what is in it -------------------------------------------------------------------------------------------------------
dpkg-deb --contents "$deb" | awk '$2 != "root/root" || $1 !~ /^[-dl]rw[-x]r-[-x]r-[-x]$/ { print; bad = 1 } END { exit bad }' ||
  bad "these belong to others than root, or others may change them"
ok "all belongs to root, and only root may change it"
root=$folder/root
dpkg-deb --extract "$deb" "$root"
dpkg-deb --control "$deb" "$folder/control"
(cd "$root" && md5sum --quiet --check "$folder/control/md5sums") || bad "the sums of the files are wrong"
ok "the sums of the files"

# --- the programs from where they are put, by somebody who has nothing ------------------------------------------------------
mkdir "$folder/home"
for program in nightkeep nightkeep-tray nightkeep-app; do
  said=$(env -i HOME="$folder/home" "$root/usr/bin/$program" --version)
  [[ "$said" == "$program "* ]] || bad "\`$program --version\` said: $said"
  ok "$said"
done
[ -z "$(ls -A "$folder/home")" ] || bad "asking for the version left files"

# --- what tells of them ------------------------------------------------------------------------------------------------------
if command -v man >/dev/null; then
  for page in "$root"/usr/share/man/man1/*; do
    said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings --local-file "$page" 2>&1 >/dev/null)
    [ -z "$said" ] || bad "$(basename "$page"): $said"
  done
  ok "$(find "$root/usr/share/man" -type f | wc -l) manual pages"
fi
bash -euc 'source "$1"; complete -p nightkeep >/dev/null
  COMP_WORDS=(nightkeep hist); COMP_CWORD=1; _nightkeep nightkeep hist nightkeep
  [[ "${COMPREPLY[*]}" == history ]]' - "$root/usr/share/bash-completion/completions/nightkeep" ||
  bad "bash does not complete \`nightkeep hist\`"
ok "bash completes \`nightkeep hist\`"
if command -v zsh >/dev/null; then
  zsh -n "$root/usr/share/zsh/vendor-completions/_nightkeep"
  ok "zsh reads its completions"
fi
if command -v fish >/dev/null; then
  said=$(HOME=$folder/home fish -c "source $root/usr/share/fish/vendor_completions.d/nightkeep.fish; complete -C 'nightkeep hist'")
  [[ "$said" == history* ]] || bad "fish completes \`nightkeep hist\` with: $said"
  ok "fish completes \`nightkeep hist\`"
fi
if command -v desktop-file-validate >/dev/null; then
  desktop-file-validate "$root"/usr/share/applications/*.desktop "$root"/etc/xdg/autostart/*.desktop
  ok "the desktop entries"
fi
if command -v lintian >/dev/null; then
  lintian --allow-root --fail-on error,warning "${unstripped[@]}" "$deb" || bad "lintian has objections"
  ok "lintian"
fi

# --- on a clean Debian --------------------------------------------------------------------------------------------------------
clean=${NIGHTKEEP_PACKAGE_ROOT:-}
if [ -n "$clean" ]; then
  crates/xtask/scripts/package-install.sh "$deb" "$clean"
fi
echo "package: all is well"
