#!/bin/sh
# Writes an image, as `docker save` does, with a shell and what measures networks: programs of this machine and the libraries that they load. Argument: its path.
set -e
target=$1
work=$(mktemp -d)
mkdir -p "$work/root/proc" "$work/root/sys" "$work/root/dev" "$work/root/tmp" "$work/root/etc" "$work/image"
for program in sh sleep cat ping iperf3 ss grep; do
  path=$(command -v $program)
  ldd "$path" | sed -nE 's/^[^/]*(\/[^ ]+) \(.*/\1/p' >>"$work/libraries"
  cp -L --parents "$path" "$work/root"
done
sort -u "$work/libraries" | xargs cp -L --parents -t "$work/root"
cd "$work/image"
tar --numeric-owner -C ../root -cf layer.tar .
digest=$(sha256sum layer.tar | cut -d ' ' -f 1)
cat >config.json <<CONFIG
{"architecture":"amd64","os":"linux","config":{"Env":["PATH=$PATH"]},"rootfs":{"type":"layers","diff_ids":["sha256:$digest"]}}
CONFIG
echo '[{"Config":"config.json","RepoTags":["puggle.test/tools:1"],"Layers":["layer.tar"]}]' >manifest.json
tar -cf "$target" manifest.json config.json layer.tar
rm -r "$work"
