// `firmseal chips`: the catalogue, for people and as JSON.

import { type Chip, chipIds, findChip, freeRanges, hexAddress } from '@firmseal/chips';

const row = (name: string, text: string): string => `${name.padEnd(22)}${text}\n`;

function describeChip(chip: Chip): string {
  const { tier, flash, write, layout } = chip;
  const unverified = Object.values(chip.sources).filter((source) => source.unverified).length;
  return [
    row(chip.id, chip.names.join(', ')),
    row(
      'flash',
      `${flash.sizeBytes / 1024} KiB, ${flash.banks.length} banks, ${flash.eraseUnits.length} erase units`,
    ),
    row('write unit', `${write.unitBytes} bytes, ECC over ${write.eccGranuleBytes || 'nothing'}`),
    row('images linked at', freeRanges(chip)),
    row('agent', layout.agent.map((range) => `${hexAddress(range.addressStart)}+${range.length}`).join(', ')),
    row('identity', hexAddress(layout.identity.addressStart)),
    row('journal', layout.journal.map((unit) => hexAddress(unit.addressStart)).join(', ')),
    row(
      'option-byte fields',
      chip.options.registers.flatMap(({ fields }) => fields.map(({ name }) => name)).join(' '),
    ),
    row('tier', `${tier.tier} from readout level ${tier.readoutLevel}`),
    ...tier.promised.map((text) => row('  promised', text)),
    ...tier.notPromised.map((text) => row('  not promised', text)),
    row('sources', `${Object.keys(chip.sources).length}, of which ${unverified} unverified`),
  ].join('');
}

export async function chips(id: string | undefined, { json = false }: { json?: boolean }): Promise<void> {
  if (id === undefined) {
    const all = chipIds().map((one) => findChip(one));
    const lines = all.map((chip) => row(chip.id, `tier ${chip.tier.tier}, images at ${freeRanges(chip)}`));
    process.stdout.write(json ? `${JSON.stringify(all.map((chip) => chip.id))}\n` : lines.join(''));
    return;
  }
  const chip = findChip(id);
  const replacer = (_: string, value: unknown): unknown =>
    value instanceof Map ? Object.fromEntries(value) : value;
  process.stdout.write(json ? `${JSON.stringify(chip, replacer)}\n` : describeChip(chip));
}
