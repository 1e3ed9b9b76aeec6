#!/bin/sh
# Builds the panel in both placements into the folder given (default: here): panel.elf, linked
# at 0x08000000, and panel-above-agent.elf, linked at 0x08040000. The same sources and compiler
# give the same bits in any folder.
# PANEL_VERSION=1.1.0 build.sh /some/folder   makes another version, for trying updates.
# Needs: gcc-arm-none-eabi, binutils-arm-none-eabi, node (named by NODE, if it is not on the path), sha256sum.
set -eu

source_folder=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
output_folder=$(CDPATH= cd -- "${1:-$source_folder}" && pwd)
version=${PANEL_VERSION:-1.0.0}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$source_folder"

# shellcheck disable=SC2086 # the list of sources is meant to be split
sources='startup.c console.c panel.c assets.S'
"${NODE:-node}" make-assets.mjs "$work/assets.bin"
# The name of the build is a digest of what it is built from: no clock, no counter.
printf '%s' "$version" >"$work/version"
build=$(cat $sources console.h registers.h sections.ld "$work/assets.bin" "$work/version" | sha256sum | cut -c1-8)

for placement in at-08000000:panel at-08040000:panel-above-agent; do
  arm-none-eabi-gcc -std=c11 -Os -g0 -Wall -Wextra -Werror -Wpedantic -mcpu=cortex-m4 -mthumb -mfloat-abi=soft \
    -ffreestanding -fno-tree-loop-distribute-patterns -ffunction-sections -fdata-sections \
    "-ffile-prefix-map=$source_folder=." "-ffile-prefix-map=$work=." \
    "-DPANEL_VERSION=\"$version\"" "-DPANEL_BUILD=\"$build\"" "-Wa,-I$work" \
    -nostdlib "-Wl,-T,${placement%%:*}.ld" -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,max-page-size=8 \
    -Wl,--fatal-warnings -Wl,-s $sources -lgcc -o "$output_folder/${placement##*:}.elf"
done
