#!/bin/bash
# Makes the key file and the passwords once. Runs as root with CHOWN alone: it can write only what it owns, so it gives a file away last.
set -euo pipefail
umask 077

mongodb_user=999:999     # of the MongoDB image
signalbox_user=10001:10001 # of docker/Dockerfile

random_hex() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# keep FILE OWNER: standard input as FILE, unless it exists; never a part of it.
keep() {
  if [ -e "$1" ]; then
    cat > /dev/null
    return
  fi
  cat > "$1.new"
  chmod 0400 "$1.new"
  chown "$2" "$1.new"
  mv "$1.new" "$1"
}

# Folders stay root's, and open to be entered: a later start must find what exists.
chmod 0755 /secrets/mongodb /secrets/signalbox
rm -f /secrets/mongodb/*.new /secrets/signalbox/*.new

# The address is written last and holds the same password, so all is made anew unless it is there.
if [ ! -e /secrets/signalbox/mongodb-url ]; then
  if [ -e /secrets/mongodb/service-password ]; then rm /secrets/mongodb/service-password; fi
  password=$(random_hex 24)
  head -c 756 /dev/urandom | base64 -w 0 | keep /secrets/mongodb/key-file "$mongodb_user"
  random_hex 24 | keep /secrets/mongodb/admin-password "$mongodb_user"
  printf '%s' "$password" | keep /secrets/mongodb/service-password "$mongodb_user"
  printf 'mongodb://signalbox:%s@mongodb:27017/signalbox?replicaSet=signalbox&authSource=signalbox' "$password" \
    | keep /secrets/signalbox/mongodb-url "$signalbox_user"
fi
