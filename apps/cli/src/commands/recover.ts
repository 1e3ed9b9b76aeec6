// `firmseal recover`: a chip whose journal is lost takes up work again (spec/recovery.md). Hello, floors,
// the statement, and what the chip says afterwards.

import { randomBytes } from 'node:crypto';
import { Command } from '@commander-js/extra-typings';
import { AgentClient } from '@firmseal/agent-client';
import { toHex } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import {
  type DevicePublic,
  encodeRecoveryBundle,
  makeRecoveryStatement,
  verifyRecovery,
} from '@firmseal/formats';
import { signerOf } from '@firmseal/keys';
import { type Hello, verifyHello } from '@firmseal/license';
import { systemClock } from '@firmseal/link';
import { approvalPolicyOption, approverDelegationOption, approverKeyOption } from '../approver.ts';
import { accessAuthority } from '../authority-access.ts';
import type { Face } from '../face.ts';
import {
  authorityOption,
  collect,
  examples,
  number,
  passphraseOption,
  productOption,
  rootKeyOption,
  stationsOption,
  tokenOption,
} from '../options.ts';
import { readPublicKey } from '../public-key-file.ts';
import { type AuthorityAccess, type Floors, findFloors, recordAtAuthority } from '../recovery/floors.ts';
import { type AuthorityFiles, type AuthorityObjects, readObjects } from '../recovery/root-objects.ts';
import { withStations } from '../remote/stations.ts';
import { runs } from '../runs.ts';
import { withKey } from '../secret-files.ts';
import type { Shell } from '../shell.ts';
import { collectSockets, openSocket } from '../sockets.ts';

interface Options extends AuthorityFiles, AuthorityAccess {
  readonly rootKey: string;
  readonly product: string;
  readonly key: string;
  readonly passphraseFile?: string | undefined;
  readonly replaceJournal?: true | undefined;
}

interface Greeting {
  readonly device: DevicePublic;
  readonly hello: Hello;
  readonly encoded: {
    readonly certificate: Uint8Array<ArrayBuffer>;
    readonly hello: Uint8Array<ArrayBuffer>;
  };
}

async function greet(client: AgentClient, objects: AuthorityObjects): Promise<Greeting> {
  const challenge = new Uint8Array(randomBytes(32));
  const encoded = await client.hello(challenge);
  const device = verifyDeviceCertificate(nodeCrypto, encoded.certificate, {
    ...{ caPublicKeys: [objects.deviceCaKey], product: objects.product, now: new Date() },
  });
  return { device, encoded, hello: verifyHello(nodeCrypto, { hello: encoded.hello, device, challenge }) };
}

/** Throws `recovery-agent-silent` where nothing answers. */
async function connect(socket: string, open: () => ReturnType<typeof openSocket>): Promise<AgentClient> {
  const stream = await open();
  try {
    return await AgentClient.connect({ stream, clock: systemClock });
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'link-timeout')
      throw new Fault('recovery-agent-silent', { socket }, { cause });
    throw cause;
  }
}

async function signBundle(
  face: Face,
  { key: file, passphraseFile }: Options,
  given: { greeting: Greeting; floors: Floors; objects: AuthorityObjects; epoch: number },
) {
  const { greeting, floors, objects, epoch } = given;
  const { delegation, epochStatement, successions } = objects;
  const { hello, device } = greeting;
  const role = delegation === undefined ? ('root' as const) : ('recoverer' as const);
  const what = `the ${role === 'root' ? 'root' : "recoverer's"} key`;
  const statement = await withKey(face, { file, role, what, passphraseFile }, (key) =>
    makeRecoveryStatement(nodeCrypto, signerOf(nodeCrypto, key), {
      ...{ thumbprint: device.thumbprint, nonce: hello.nonce, epoch },
      ...{ securityCounter: floors.securityCounter, unwraps: floors.unwraps },
    }),
  );
  const bundle = encodeRecoveryBundle({
    ...{ statement, successions },
    ...(delegation ? { delegation } : {}),
    ...(epochStatement ? { epochStatement } : {}),
  });
  // What the chip will look at, before it is asked: a wrong key or file is told here.
  const { rootPublicKey, product } = objects;
  const { thumbprint } = device;
  const { nonce, securityCounter, unwraps } = hello;
  const trust = { rootPublicKey, product, epoch };
  verifyRecovery(nodeCrypto, bundle, { trust, thumbprint, nonce, securityCounter, unwraps });
  return bundle;
}

async function recoverChip(face: Face, socket: string, client: AgentClient, options: Options): Promise<void> {
  const objects = readObjects(nodeCrypto, readPublicKey(options.rootKey), options);
  const greeting = await greet(client, objects);
  const { device, hello, encoded } = greeting;
  const thumbprint = toHex(device.thumbprint);
  const { lifeCycle, securityCounter, unwraps } = hello;
  face.tell(
    { event: 'hello', socket, thumbprint, chip: device.chipId, lifeCycle, securityCounter, unwraps },
    `${socket}: ${device.chipId}, device ${thumbprint}, ${lifeCycle}`,
  );
  if (lifeCycle !== 'recovery-needed' && options.replaceJournal !== true)
    throw new Fault('recovery-not-needed', { socket, lifeCycle });
  const floors = await findFloors(face, options, { product: options.product, device, hello });
  const epoch = Math.max(objects.epoch, hello.epoch);
  if (floors.epoch !== undefined && floors.epoch > epoch)
    throw new Fault('recovery-epoch-unproven', { inForce: floors.epoch, proven: epoch });
  const bundle = await signBundle(face, options, { greeting, floors, objects, epoch });
  await recordAtAuthority(face, options, { product: options.product, ...encoded, bundle });
  await client.recover(bundle);
  const after = (await greet(client, objects)).hello;
  face.tell(
    {
      ...{ event: 'recovered', socket, thumbprint, lifeCycle: after.lifeCycle, epoch: after.epoch },
      ...{ securityCounter: after.securityCounter, unwraps: after.unwraps },
    },
    `${socket}: recovered. It takes versions from security counter ${after.securityCounter} on, in epoch ${after.epoch}.`,
    'Next: install a package; the chip has no application that boots.',
  );
}

export const command = (shell: Shell) =>
  new Command()
    .requiredOption(
      '--socket <place>',
      'the chip: serial:, usb:, tcp:, or station:NAME/ and one of these',
      (text) => collectSockets(text),
    )
    .addOption(productOption())
    .addOption(rootKeyOption())
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose chip is expected')
    .requiredOption('--key <file>', "the key that signs: a recoverer's, or without --delegation the root key")
    .option('--delegation <file>', "the root's delegation of the recoverer")
    .option('--epoch-statement <file>', 'epoch statement, when one was made since that delegation')
    .option(
      '--succession <file>',
      'succession of the root; all since the chip was personalized, oldest first (repeat)',
      collect,
    )
    .addOption(authorityOption().makeOptionMandatory(false))
    .addOption(tokenOption().makeOptionMandatory(false))
    .option(
      '--floor <number>',
      'without an authority: the highest security counter that was ever licensed to this chip',
      number(),
    )
    .option(
      '--replace-journal',
      'recover a chip that has a journal: an older copy was put back; its application is given up',
    )
    .addOption(approverKeyOption())
    .addOption(approverDelegationOption())
    .addOption(approvalPolicyOption())
    .addOption(stationsOption())
    .addOption(passphraseOption('the key'))
    .addHelpText(
      'after',
      examples(
        'recover --socket serial:/dev/ttyACM0 --product panel --root-key root.key.pub \\\n' +
          '      --device-ca-delegation ca.delegation --key recoverer.key --delegation recoverer.delegation \\\n' +
          '      --authority http://127.0.0.1:7443 --token-file owner.token',
        'recover --socket tcp:127.0.0.1:5001 --product panel --root-key root.key.pub \\\n' +
          '      --device-ca-delegation ca.delegation --key root.key --floor 12',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const places = options.socket;
        const given = { stations: options.stations, places };
        // A wrong address or token is told before the chip is asked.
        const { authority, tokenFile } = options;
        if (authority !== undefined && tokenFile !== undefined)
          accessAuthority(face, { authority, tokenFile });
        await withStations(face, given, async (stations) => {
          const [socket] = places as [string];
          const client = await connect(socket, () => openSocket(socket, stations));
          try {
            await recoverChip(face, socket, client, options);
          } finally {
            await client.close();
          }
        });
      }),
    );
