#!/bin/sh
# Installs what the lockfile names, once per lockfile. Called by npm before `demo`, `test` and `bench`, so that a fresh
# clone needs no other command. --ignore-scripts stands here and not in .npmrc, where it would also disable npm's own
# pre and post hooks.
set -eu
cd "$(dirname "$0")/.."
if cmp -s package-lock.json node_modules/.setup-lock; then exit 0; fi
echo "installing the packages of package-lock.json" >&2
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
cp package-lock.json node_modules/.setup-lock
