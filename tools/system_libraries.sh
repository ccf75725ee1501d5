#!/bin/sh
# SUMO's library is linked to X11 and GL even when no window is ever opened. A bare server lacks them.
# Installs what is missing where it may (root, or sudo without a question); otherwise prints the one line to type.
set -eu

missing=""
need() { # name of the shared object, Debian package
    if ! ldconfig -p 2>/dev/null | grep -q "$1"; then missing="$missing $2"; fi
}
PATH="$PATH:/sbin:/usr/sbin"
need libX11.so.6 libx11-6
need libXext.so.6 libxext6
need libXrender.so.1 libxrender1
need libGL.so.1 libgl1
need libexpat.so.1 libexpat1

[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo"
else
    echo "The road model needs system libraries that are missing. Type this once, then repeat the command:" >&2
    echo "    sudo apt-get install -y$missing" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The road model needs system libraries that are missing (Debian names):$missing" >&2
    exit 1
fi
echo "installing system libraries:$missing"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
