#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# asan.sh: every suite under AddressSanitizer and UndefinedBehaviorSanitizer. Last line as test.sh.
set -euo pipefail
export HONE_TEST_PRESET=asan
exec "$(dirname "$0")/test.sh"
