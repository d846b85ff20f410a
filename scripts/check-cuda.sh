#!/usr/bin/env bash
# Checks the engine `aten` on a CUDA device: builds the addon against the libtorch that LIBTORCH names, runs the tests of
# crates/torch on the device, and compares two epochs of a step with those on the CPU. Takes under 8 minutes.
#
# usage: LIBTORCH=/path/to/libtorch scripts/check-cuda.sh [cuda|cpu]
#
# `cpu` runs the same on the CPU, which checks this script where there is no GPU.
# Exit codes: 0 passed, 1 failed, 2 wrong usage, 5 no CUDA device, or a libtorch that is missing or has no CUDA.
set -euo pipefail
cd "$(dirname "$0")/.."

device=${1:-cuda}
step=${CHECK_STEP:-weight-averaging}
images=${CHECK_IMAGES:-60000}

fail() { # exit code, sentence
	echo "check-cuda: $2" >&2
	exit "$1"
}

[ "$device" = cuda ] || [ "$device" = cpu ] || fail 2 "the device should be \`cuda\` or \`cpu\`, got \`$device\`"
[ -n "${LIBTORCH:-}" ] || fail 2 'name a libtorch with CUDA in LIBTORCH: a folder with `lib` and `include`'
[ -d "$LIBTORCH/lib" ] && [ -d "$LIBTORCH/include" ] ||
	fail 5 "LIBTORCH should be a folder with \`lib\` and \`include\`, got $LIBTORCH"
LIBTORCH=$(cd "$LIBTORCH" && pwd)
export LIBTORCH
if [ "$device" = cuda ]; then
	[ -e "$LIBTORCH/lib/libtorch_cuda.so" ] ||
		fail 5 "$LIBTORCH has no lib/libtorch_cuda.so: it is a libtorch for CPUs; name one with CUDA"
	command -v nvidia-smi > /dev/null || fail 5 'there is no nvidia-smi: install the NVIDIA driver'
	nvidia-smi -L | grep -q '^GPU' || fail 5 'nvidia-smi lists no GPU'
	nvidia-smi -L
fi

echo '== Building the addon'
node scripts/build.mjs --torch

echo "== Tests of crates/torch on $device"
# .cargo/config.toml puts the libtorch for CPUs into LIBTORCH of everything that cargo runs, so the program is run by itself.
tests=$(cargo test --release --package stepladder-torch --test engines --no-run --message-format=json |
	node scripts/check-cuda/test-program.mjs)
STEPLADDER_TEST_DEVICE=$device "$tests" --test-threads 2

echo "== Two epochs of $step on $device and on the CPU"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for where in "$device" cpu; do
	engine=aten
	[ "$where" = cuda ] || engine=auto
	name=$where
	[ ! -e "$folder/$where.jsonl" ] || name=$where-again
	node dist/ts/cli/main.js train --step "$step" --epochs 2 --limit-train "$images" --seeds 1-3 \
		--engine "$engine" --device "$where" --out "$folder/runs-$name" --json > "$folder/$name.jsonl"
done
other=$folder/cpu.jsonl
[ "$device" = cuda ] || other=$folder/cpu-again.jsonl
node scripts/check-cuda/compare.mjs "$folder/$device.jsonl" "$other"
