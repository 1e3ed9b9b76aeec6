// Commands of the owner's desk and of the authority, called so that they write.

import { hasAsset } from '../src/assets.ts';
import { agentSealWords, approverWords, sealWords } from './desk.ts';
import type { Call, CallSite } from './writing-call.ts';

/** The Arm compiler makes it, where there is one. */
const hasMachineCode = hasAsset('device/agent/build/agent-stm32g0b1.hex');

const hasAdopter = hasAsset('device/agent/build/adopter-stm32h743.hex');

/** Of keys, packages, authority, jobs, tokens and alarms, by the words of the command. */
export function deskCallsOf({
  desk,
  url,
  job,
  standingJob,
  tokenId,
  out,
}: CallSite): Readonly<Record<string, Call>> {
  const { at } = desk;
  const into = (name: string) => `${out}/${name}`;
  const owner = ['--authority', url, '--token-file', at('authority/owner.token')];
  const trust = ['--root-key', at('root.key.pub'), '--device-ca-delegation', at('ca.delegation')];
  const root = ['--root', at('root.key'), '--product', 'panel'];
  return {
    init: {
      words: ['init', out, '--product', 'panel', '--chip', 'stm32f427'],
      files: ['desk', 'firmseal.json'],
    },
    'keys new': {
      words: ['keys', 'new', '--role', 'approver', '--out', into('new.key')],
      files: ['new.key', 'new.key.pub'],
    },
    'keys delegate': {
      words: [
        ...['keys', 'delegate', ...root, '--role', 'approver', '--key', at('ca.key.pub')],
        ...['--out', into('new.delegation')],
      ],
      files: ['new.delegation'],
    },
    'keys approval-policy': {
      words: ['keys', 'approval-policy', ...root, '--threshold', '2', '--out', into('approval.policy')],
      files: ['approval.policy'],
    },
    'keys restore': {
      words: [
        ...['keys', 'restore', ...root, '--log-size', '7', '--log-head', 'ab'.repeat(32)],
        ...['--reason', 'a drill', '--out', into('panel.restore')],
      ],
      files: ['panel.restore'],
    },
    'keys epoch': {
      words: ['keys', 'epoch', ...root, '--epoch', '1', '--out', into('epoch-1')],
      files: ['epoch-1'],
    },
    'keys revoke': {
      words: [
        ...['keys', 'revoke', ...root, '--revoke', at('signer.delegation'), '--keep', at('ca.delegation')],
        ...['--out', into('epoch-1')],
      ],
      files: ['epoch-1'],
    },
    'keys succeed': {
      words: [
        ...['keys', 'succeed', ...root, '--next', at('ca.key.pub'), '--epoch', '1'],
        ...['--out', into('root.succession')],
      ],
      files: ['root.succession'],
    },
    'keys show': { words: ['keys', 'show', at('root.key')], files: [] },
    seal: { words: sealWords(desk, into('new.seal')), files: ['new.seal', 'new.seal.key'] },
    'agent seal': {
      words: agentSealWords(desk, into('agent.seal')),
      files: ['agent.seal', 'agent.seal.key'],
    },
    inspect: { words: ['inspect', at('panel.seal')], files: [] },
    check: { words: ['check', at('panel.seal'), ...trust, '--chip', 'stm32f427'], files: [] },
    'attach-license': {
      words: [
        'attach-license',
        at('licensed.seal'),
        '--license',
        at('chip.license'),
        '--out',
        into('app.seal'),
      ],
      files: ['app.seal'],
    },
    chips: { words: ['chips'], files: [] },
    sdk: { words: ['sdk', into('kit')], files: ['kit'] },
    'authority init': { words: ['authority', 'init', into('new')], files: ['new'] },
    'authority add-product': {
      words: [
        ...['authority', 'add-product', into('authority'), '--product', 'panel'],
        ...['--root-key', at('root.key.pub'), '--issuer-delegation', at('issuer.delegation')],
        ...['--device-ca-delegation', at('ca.delegation')],
      ],
      files: ['authority/products/panel.json'],
    },
    'authority serve': {
      words: ['authority', 'serve', into('authority'), '--listen', '127.0.0.1:0'],
      files: [],
      serves: true,
    },
    'authority signer': {
      words: ['authority', 'signer', into('authority'), '--socket', into('socket')],
      files: [],
      serves: true,
    },
    'authority new-kem': {
      words: ['authority', 'new-kem', into('authority')],
      files: ['authority/kem-previous.key', 'authority/kem-previous.key.pub'],
    },
    'authority rewrap': { words: ['authority', 'rewrap', ...owner], files: [] },
    // No key was replaced there.
    'authority retire-kem': {
      words: ['authority', 'retire-kem', into('authority'), ...owner],
      files: [],
      status: 3,
    },
    'job open': {
      words: [
        ...['job', 'open', ...owner, '--package', at('panel.seal'), '--content-key', at('panel.seal.key')],
        ...['--quota', '1', '--id-file', into('job.id')],
      ],
      files: ['job.id'],
    },
    'authority token': {
      words: ['authority', 'token', into('authority'), '--out', into('owner.token')],
      files: ['owner.token'],
      database: true,
    },
    'authority backup': {
      words: ['authority', 'backup', into('authority'), '--out', into('backup')],
      files: ['backup'],
      database: true,
    },
    // The folder has a database, which is never replaced.
    'authority restore': {
      words: ['authority', 'restore', into('authority'), '--from', into('authority/authority.sqlite')],
      files: [],
      status: 3,
    },
    // An address with a password in it.
    'authority migrate': {
      words: ['authority', 'migrate', into('authority'), '--to', 'postgresql://a:b@127.0.0.1/c'],
      files: [],
      status: 3,
    },
    'job list': { words: ['job', 'list', ...owner], files: [] },
    // No unit was taken yet.
    // The job has this package.
    'job add-package': {
      words: [
        ...['job', 'add-package', job, ...owner, '--package', at('panel.seal')],
        ...['--content-key', at('panel.seal.key')],
      ],
      files: [],
      status: 11,
    },
    'job void': { words: ['job', 'void', job, '0', '--reason', 'test', ...owner], files: [], status: 11 },
    'job approve': { words: ['job', 'approve', job, ...owner, ...approverWords(desk)], files: [] },
    // No chip has taken the unit.
    approve: {
      words: ['approve', job, ...owner, ...approverWords(desk), '--void', '0', '--reason', 'test'],
      files: [],
      status: 11,
    },
    // It is no update.
    'job rollout': { words: ['job', 'rollout', job, ...owner, '--percent', '5'], files: [], status: 11 },
    'job close': {
      words: ['job', 'close', job, ...owner, ...approverWords(desk), '--certificate', into('job.end')],
      files: ['job.end'],
    },
    'job show': { words: ['job', 'show', job, ...owner], files: [] },
    'job token': {
      words: ['job', 'token', job, ...owner, '--out', into('line.token')],
      files: ['line.token'],
    },
    'batch new': {
      words: [
        ...['batch', 'new', standingJob, ...owner, '--root-key', at('root.key.pub')],
        ...['--records', at('chips.records'), '--out', into('new.batch')],
      ],
      files: ['new.batch'],
    },
    // No receipt waits there.
    'batch deliver': { words: ['batch', 'deliver', out, '--job', job, ...owner], files: [] },
    'agent list': { words: ['agent', 'list'], files: [] },
    'agent load': {
      words: ['agent', 'load', at('panel.seal'), '--socket', 'tcp:127.0.0.1:1'],
      files: [],
      status: 13,
    },
    'adopt plan': {
      words: [
        ...['adopt', 'plan', '--chip', 'stm32f405', '--bootloader', '0x08000000..0x08007FFF'],
        ...['--place', '0x08020000..0x0803FFFF'],
      ],
      files: [],
      status: 14,
    },
    'adopt build': {
      words: [
        ...['adopt', 'build', '--chip', 'stm32h743', '--product', 'panel', '--root-key', at('root.key.pub')],
        ...['--bootloader', '0x08000000..0x0801FFFF', '--place', '0x08020000..0x0803FFFF'],
        ...['--out', into('adoption.bin')],
      ],
      ...(hasAdopter ? { files: ['adoption.bin'] } : { files: [], status: 3 }),
    },
    'agent export': {
      words: ['agent', 'export', '--chip', 'stm32g0b1', '--out', into('agent.hex')],
      ...(hasMachineCode ? { files: ['agent.hex'] } : { files: [], status: 3 }),
    },
    'token new': {
      words: ['token', 'new', ...owner, '--scope', 'auditor', '--label', 'a', '--out', into('new.token')],
      files: ['new.token'],
    },
    'token list': { words: ['token', 'list', ...owner], files: [] },
    'token revoke': { words: ['token', 'revoke', tokenId, ...owner], files: [] },
    'site set': {
      words: [
        ...['site', 'set', 'hall', ...owner, '--product', 'panel', '--cap', '3', '--until', '2099-12-31'],
        ...approverWords(desk),
      ],
      files: [],
      // This authority has no device CA key.
      status: 11,
    },
    'site list': { words: ['site', 'list', ...owner], files: [] },
    'stop new': {
      words: ['stop', 'new', ...owner, '--device', '0a'.repeat(32), '--reason', 'test'],
      files: [],
    },
    'stop lift': { words: ['stop', 'lift', ...owner, '--device', '0a'.repeat(32)], files: [] },
    'stop list': { words: ['stop', 'list', ...owner], files: [] },
    'webhook add': {
      words: ['webhook', 'add', 'https://hooks.example/', ...owner, '--out', into('hook.secret')],
      files: ['hook.secret'],
    },
    'webhook list': { words: ['webhook', 'list', ...owner], files: [] },
    'webhook remove': { words: ['webhook', 'remove', '0'.repeat(16), ...owner], files: [], status: 3 },
    'alarm list': { words: ['alarm', 'list', ...owner], files: [] },
    'alarm acknowledge': {
      words: ['alarm', 'acknowledge', '0', '--note', 'test', ...owner],
      files: [],
      status: 11,
    },
  };
}
