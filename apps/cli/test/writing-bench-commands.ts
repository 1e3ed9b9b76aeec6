// Commands where chips are, and those that look at what came of it, called so that they write.

import { hasAsset } from '../src/assets.ts';
import type { Call, CallSite } from './writing-call.ts';

/** Set-up bundles it. */
const hasElement = hasAsset('apps/updater/dist/firmseal-update.js');

const address = ['--chip', 'stm32f427', '--product', 'panel'];

/** Of chips, lines, licenses, receipts and logs, by the words of the command. */
export function benchCallsOf({ desk, url, job, probe, out }: CallSite): Readonly<Record<string, Call>> {
  const { at } = desk;
  const into = (name: string) => `${out}/${name}`;
  const owner = ['--authority', url, '--token-file', at('authority/owner.token')];
  const trust = ['--root-key', at('root.key.pub'), '--device-ca-delegation', at('ca.delegation')];
  const onChip = ['--chip', 'stm32g0b1', '--via', probe];
  return {
    devices: { words: ['devices'], files: [] },
    doctor: { words: ['doctor', '--write-udev', into('70-firmseal.rules')], files: ['70-firmseal.rules'] },
    // Nothing is erased without a word for it.
    'silicon check': {
      words: ['silicon', 'check', ...onChip, '--out', into('report.json')],
      files: [],
      status: 2,
    },
    'silicon report': { words: ['silicon', 'report', at('panel.bin')], files: [], status: 3 },
    // No chip is there: nothing is asked of the authority.
    recover: {
      words: [
        ...['recover', '--socket', 'tcp:127.0.0.1:1', '--product', 'panel', ...trust],
        ...['--key', at('root.key'), '--floor', '1'],
      ],
      files: [],
      status: 13,
    },
    license: {
      words: [
        ...['license', at('panel.seal'), '--job', job, '--authority', url, '--token-file', at('line.token')],
        ...[...trust, '--journal', into('line.jsonl'), '--out', into('licenses')],
        ...['--socket', 'tcp:127.0.0.1:1'],
      ],
      files: ['line.jsonl'],
      status: 13,
    },
    // None of these touches a chip: nothing here is an .sfi file.
    'sfi inspect': { words: ['sfi', 'inspect', at('panel.bin')], files: [], status: 3 },
    'sfi check': { words: ['sfi', 'check', at('panel.bin'), '--chip', 'stm32u575'], files: [], status: 3 },
    'sfi install': {
      words: [
        ...['sfi', 'install', at('panel.bin'), '--chip', 'stm32u575', '--via', 'swd', '--license', 'slot=1'],
        ...['--expect', 'RDP=0xBB', '--books', into('books')],
      ],
      files: [],
      status: 3,
    },
    'sfi doctor': { words: ['sfi', 'doctor', '--chip', 'stm32u575'], files: [] },
    'verify receipt': {
      words: ['verify', 'receipt', at('panel.bin'), '--root-key', at('root.key.pub')],
      files: [],
      status: 15,
    },
    'identity send': {
      words: ['identity', 'send', at('panel.bin'), ...owner],
      files: [],
      status: 3,
    },
    'identity list': { words: ['identity', 'list', ...owner], files: [] },
    'verify outcome': {
      words: ['verify', 'outcome', at('panel.bin'), '--root-key', at('root.key.pub')],
      files: [],
      status: 3,
    },
    'verify bundle': {
      words: [
        ...['verify', 'bundle', at('panel.bin'), '--root-key', at('root.key.pub')],
        ...['--log-key', at('ledger.vkey')],
      ],
      files: [],
      status: 3,
    },
    'ledger init': {
      words: ['ledger', 'init', into('authority'), '--origin', 'authority.example'],
      files: ['authority/ledger.json', 'authority/ledger.key', 'authority/ledger.vkey'],
    },
    'ledger add-witness': {
      words: [
        ...['ledger', 'add-witness', into('authority'), '--witness-key', at('witness/witness.vkey')],
        ...['--url', 'https://witness.example'],
      ],
      files: [],
    },
    // The folder holds no ledger.
    'ledger bundle': {
      words: [
        ...['ledger', 'bundle', job, '0', '--ledger', out, '--log-key', at('ledger.vkey'), ...trust],
        ...['--out', into('unit.bundle')],
      ],
      files: [],
      status: 3,
    },
    'witness init': {
      words: ['witness', 'init', into('witness'), '--name', 'witness.example'],
      files: ['witness'],
    },
    'witness add-log': {
      words: ['witness', 'add-log', into('witness'), '--log-key', at('ledger.vkey')],
      files: [],
    },
    'witness serve': {
      words: ['witness', 'serve', into('witness'), '--listen', '127.0.0.1:0'],
      files: [],
      serves: true,
    },
    'flash write': {
      words: ['flash', 'write', at('panel.bin'), '--at', '0x08000000', ...onChip, '--dry-run'],
      files: [],
    },
    'flash read': {
      words: ['flash', 'read', ...onChip, '--length', '1024', '--out', into('read.bin')],
      files: ['read.bin'],
    },
    'flash compare': {
      words: ['flash', 'compare', at('panel.bin'), '--at', '0x08000000', ...onChip],
      files: [],
      status: 14,
    },
    'flash erase': { words: ['flash', 'erase', ...onChip, '--length', '2048'], files: [] },
    'flash blank-check': { words: ['flash', 'blank-check', ...onChip, '--length', '2048'], files: [] },
    'flash options': { words: ['flash', 'options', ...onChip], files: [] },
    'flash protect': { words: ['flash', 'protect', ...onChip, '--dry-run'], files: [] },
    'flash unprotect': { words: ['flash', 'unprotect', ...onChip], files: [], status: 2 },
    'flash start': { words: ['flash', 'start', ...onChip], files: [] },
    personalize: {
      words: [
        ...['personalize', ...address, '--root-key', at('root.key.pub'), '--device-ca', at('ca.key')],
        ...['--level', '0', '--via', 'virtual:127.0.0.1:1', '--socket', 'tcp:127.0.0.1:1'],
      ],
      files: [],
      status: 13,
    },
    install: {
      words: [
        ...['install', at('panel.seal'), '--job', job, '--authority', url, '--token-file', at('line.token')],
        ...[...trust, '--journal', into('line.jsonl')],
        // Nothing is there: it tries again until it is stopped.
        ...['--socket', 'tcp:127.0.0.1:1'],
      ],
      files: ['line.jsonl'],
      serves: true,
      status: 17,
    },
    'updater build': {
      words: ['updater', 'build', at('panel.seal'), ...trust, '--out', into('page')],
      ...(hasElement ? { files: ['page'] } : { files: [], status: 3 }),
    },
    // No device is there.
    update: {
      words: ['update', at('panel.seal'), ...trust, '--socket', 'tcp:127.0.0.1:1'],
      files: [],
      status: 13,
    },
    'line pack': {
      words: [
        ...['line', 'pack', at('line.json'), '--signer', at('signer.key')],
        ...['--delegation', at('signer.delegation'), '--out', into('line.released')],
      ],
      files: ['line.released'],
    },
    'line run': {
      // Its socket leads nowhere: no chip comes until it is stopped.
      words: ['line', 'run', at('line.json'), '--work', into('line')],
      files: ['line'],
      serves: true,
      status: 17,
    },
    'station token': {
      words: ['station', 'token', 'hall', '--out', into('hall.token'), '--relay-file', into('relay.json')],
      files: ['hall.token', 'relay.json'],
    },
    'station serve': {
      words: [
        ...[
          'station',
          'serve',
          '--name',
          'hall',
          '--connect',
          '127.0.0.1:1',
          '--token-file',
          at('line.token'),
        ],
        ...['--place', 'tcp:127.0.0.1:1'],
      ],
      files: [],
      serves: true,
    },
    'relay serve': {
      words: [
        ...[
          'relay',
          'serve',
          '--listen',
          '127.0.0.1:0',
          '--tls-cert',
          at('tls.pem'),
          '--tls-key',
          at('tls.key'),
        ],
        ...['--stations', at('relay.json')],
      ],
      files: [],
      serves: true,
    },
    virtual: {
      words: ['virtual', '--chip', 'stm32g0b1', '--state', into('chips.state')],
      files: ['chips.state'],
      serves: true,
    },
    audit: {
      words: ['audit', ...owner, ...trust, '--product', 'panel', '--remember', into('head'), '--first'],
      files: ['head'],
    },
    demo: { words: ['demo', at('root.key.pub')], files: [], status: 3 },
    completion: { words: ['completion', 'bash'], files: [] },
  };
}
