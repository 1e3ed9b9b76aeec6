#!/bin/sh
# Programs a virtual STM32 in a CI as a bench would program a real one, and fails when the
# chip does not hold the image.
#   program.sh IMAGE.bin            by stm32flash over a pseudo-terminal (needs stm32flash, python3)
#   FIRMSEAL: how the command is called here, `npx firmseal` unless told. CHIP: stm32f427 unless told.
set -eu

image=$1
chip=${CHIP:-stm32f427}
work=$(mktemp -d)
mkfifo "$work/controls"

# BOOT0 high: the chip starts its ROM bootloader. Controls come from a pipe that this script holds open.
${FIRMSEAL:-npx firmseal} virtual --json --chip "$chip" --uart pty --boot0 high --state "$work/chip.state" \
  <"$work/controls" >"$work/events" &
virtual=$!
exec 3>"$work/controls"
# It writes the chip's state when it ends.
trap 'exec 3>&-; kill $virtual 2>/dev/null || true; wait $virtual || true; rm -rf "$work"' EXIT

# Waits for a whole line of JSON with that text: the last line may still be written.
await() {
  tries=0
  until grep -q "$1.*}\$" "$work/events"; do
    tries=$((tries + 1))
    if [ $tries -gt 300 ] || ! kill -0 $virtual; then
      echo "no $1 from firmseal virtual" >&2
      exit 1
    fi
    sleep 0.1
  done
}

await '"event":"ready"'
uart=$(sed -n 's/.*"uart":"\([^"]*\)".*/\1/p' "$work/events")

stm32flash -m 8n1 -b 115200 -w "$image" -v "$uart"
size=$(wc -c <"$image")
stm32flash -m 8n1 -b 115200 -c -r "$work/read" -S "0x08000000:$size" "$uart"
cmp "$image" "$work/read"

# The chip's own start: BOOT0 low, reset. What the firmware says on its UART could be read from $uart now.
echo 'boot0 low 1' >&3
echo 'reset 1' >&3
echo 'state 1' >&3
await '"event":"state"'
grep '"event":"state"' "$work/events"
echo "programmed and verified: $image on a virtual $chip"
