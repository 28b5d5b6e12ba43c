#!/usr/bin/env bash
# Checks the workflows with actionlint and zizmor, both pinned, without asking GitHub anything.
set -euo pipefail
cd "$(dirname "$0")/../.."

GOWORK=off go -C ci/tools build -o "$PWD/.cache/actionlint" github.com/rhysd/actionlint/cmd/actionlint
.cache/actionlint -color

python3 -m venv .cache/zizmor
.cache/zizmor/bin/pip install --quiet --disable-pip-version-check --requirement ci/tools/requirements.txt

.cache/zizmor/bin/zizmor --offline --strict-collection --pedantic --quiet .github
