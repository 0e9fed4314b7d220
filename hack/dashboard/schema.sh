#!/usr/bin/env bash
# Checks the dashboard against Grafana's own schema: the types that it publishes
# as @grafana/schema, by the TypeScript compiler. Needs Node.js and npm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

folder=bin/dashboard-schema
mkdir -p $folder
cp hack/dashboard/schema/* $folder/
npm ci --prefix $folder --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
{
  echo 'import type { DashboardJSON } from "./dashboard";'
  printf 'export const dashboard: DashboardJSON = '
  cat charts/rollcall/files/dashboard.json
} >$folder/check.ts
$folder/node_modules/.bin/tsc --noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler $folder/check.ts
echo "the dashboard is as @grafana/schema $(node -p "require('./$folder/node_modules/@grafana/schema/package.json').version") wants it"
