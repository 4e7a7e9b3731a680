#!/usr/bin/env bash
# Installs the package $1 in the clean Debian in the folder $2, starts it there as a user of its own, and takes it away
# again. Called by `package.sh`. What is started there ends with it: it is in a space of processes of its own.
set -euo pipefail

cp "$1" "$2/tmp/nightkeep.deb"
cp /etc/resolv.conf "$2/etc/resolv.conf"

cat >"$2/tmp/install.sh" <<'INSIDE'
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
ok() { echo "ok: $*"; }
bad() { echo "package: $*" >&2; exit 1; }
as_user() { su - sleeper -c "$*"; }

apt-get -qq update
# The package and what it says that it depends on, and nothing else.
apt-get -qq -y --no-install-recommends install /tmp/nightkeep.deb >/tmp/apt.log 2>&1 || { tail /tmp/apt.log; bad "apt refuses it"; }
dpkg --verify nightkeep
ok "installed: $(dpkg-query --show --showformat='${Package} ${Version} ${Status}' nightkeep)"
id sleeper >/dev/null 2>&1 || useradd --create-home --shell /bin/bash sleeper
as_user nightkeep --version
as_user nightkeep doctor
as_user "nightkeep run --name hello -- sh -c 'nightkeep mark 1 --note begun; echo done'"
as_user nightkeep history | grep -q hello || bad "the run is not in the history"
ok "a run of the installed command line is in its history"

# What a desktop has, and what looks at it.
apt-get -qq -y --no-install-recommends install xvfb xauth dbus xdotool x11-utils imagemagick fonts-dejavu-core man-db \
  bash-completion >/tmp/apt.log 2>&1 || { tail /tmp/apt.log; bad "a display cannot be had"; }
cat >/tmp/desktop.sh <<'DESKTOP'
set -euo pipefail
nightkeep-tray &
tray=$!
nightkeep-app &
window=$(timeout 60 xdotool search --sync --onlyvisible --name '^Nightkeep$' | tail -1)
xprop -id "$window" WM_CLASS >/tmp/window.txt
sleep 5
import -window "$window" /tmp/nightkeep.png
kill -0 "$tray"
nightkeep status
DESKTOP
as_user "cd && dbus-run-session -- xvfb-run -a -s '-screen 0 1280x900x24' bash /tmp/desktop.sh"
ok "the window opens, and the tray waits for a place"
class=$(sed -n 's/^StartupWMClass=//p' /usr/share/applications/nightkeep.desktop)
grep -qF "\"$class\"" /tmp/window.txt || bad "the window is not \`$class\`: $(cat /tmp/window.txt)"
ok "desktops know the window by \`$class\`"
as_user "man -w nightkeep nightkeep-run nightkeep-tray nightkeep-app" >/dev/null
ok "the manual"
as_user "bash -ic '. /usr/share/bash-completion/bash_completion; _completion_loader nightkeep; complete -p nightkeep'" 2>/dev/null
ok "bash finds its completions by itself"

data=/home/sleeper/.local/share/nightkeep/nightkeep.db
[ -s "$data" ] || bad "there is no \`$data\`"
entry=/etc/xdg/autostart/nightkeep-tray.desktop
dpkg -r nightkeep
if command -v nightkeep nightkeep-tray nightkeep-app; then bad "programs are left"; fi
[ -f "$entry" ] || bad "what an administrator may have changed is gone with \`dpkg -r\`"
[ -s "$data" ] || bad "\`dpkg -r\` took what is the user's"
dpkg -P nightkeep
[ ! -e "$entry" ] || bad "\`dpkg -P\` left \`$entry\`"
[ -s "$data" ] || bad "\`dpkg -P\` took what is the user's"
ok "removed and purged; what is the user's is there"
INSIDE

# The dollar signs are for the shell inside.
# shellcheck disable=SC2016
unshare --mount --pid --fork --kill-child bash -euc '
  mount -t proc proc "$1/proc"
  mount --bind /dev "$1/dev"
  mount -t devpts devpts "$1/dev/pts"
  mkdir -p "$1/dev/shm"
  mount -t tmpfs tmpfs "$1/dev/shm"
  exec chroot "$1" bash /tmp/install.sh' - "$2"
