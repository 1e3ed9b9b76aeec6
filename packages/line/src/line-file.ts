// The line file: sockets by place, packages, limits and reports of one line. It names files and places, and
// holds nothing secret. docs/line.md describes it for people. Who reads the file
// from the disk resolves paths.

import { parsePlace, placeText } from '@firmseal/places';
import { z } from 'zod';

export const lineFormat = 'firmseal-line-1';
/** Sockets of one line. */
const mostSockets = 256;

/** Relative to the folder of the line file, unless it is absolute. */
const path = z.string().min(1).max(1024);
const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/,
    'a name has 1 to 32 letters, digits, dots, dashes, underscores',
  );
const count = (most: number) => z.int().min(1).max(most);
const port = z.int().min(0).max(65_535);

function isSocketPlace(text: string): boolean {
  try {
    const place = parsePlace(text);
    const { kind } = place.kind === 'station' ? place.place : place;
    return kind === 'serial' || kind === 'usb' || kind === 'tcp';
  } catch {
    return false;
  }
}

function isWay(text: string): boolean {
  try {
    const { kind } = parsePlace(text);
    return kind !== 'station' && kind !== 'written';
  } catch {
    return false;
  }
}

const place = z
  .string()
  .refine(isSocketPlace, 'it is no place of a chip: serial:, usb: or tcp:, here or at a station')
  .transform((text) => placeText(parsePlace(text)));

/** Where its programmer reaches a blank chip. */
const way = z
  .string()
  .refine(isWay, 'it is no way to a blank chip: serial:, usb:, tcp:, probe:, openocd: or virtual:')
  .transform((text) => placeText(parsePlace(text)));

/** A first step for blank chips, at a trusted site. The line file never holds the key itself. */
const personalize = z
  .strictObject({
    /** Id of the catalogue. */
    chip: z.string().regex(/^[a-z0-9]{1,32}$/),
    /** Ready board, or file of board settings. */
    board: z.string().min(1).max(1024).optional(),
    level: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(2),
    /** Level 2 can never be undone: whoever writes the file says that it is meant. */
    confirmPermanent: z.literal(true).optional(),
    /** Level 2 though the agent was never tried on silicon of this chip. */
    neverTriedOnSilicon: z.literal(true).optional(),
    /** A rehearsal: level 0, and every receipt says so. */
    rehearsal: z.literal(true).optional(),
    /** Key file of the device CA; never packed. `--device-ca` takes its place. */
    deviceCa: path.optional(),
    /**
     * Token of the site: the authority certifies and counts. Never packed.
     * `--site-token-file` takes its place.
     */
    siteToken: path.optional(),
  })
  .refine(
    ({ level, confirmPermanent, rehearsal }) =>
      rehearsal === true || level !== 2 || confirmPermanent === true,
    'level 2 needs "confirmPermanent": true',
  )
  .refine(
    ({ deviceCa, siteToken }) => deviceCa === undefined || siteToken === undefined,
    'deviceCa and siteToken exclude each other',
  )
  .transform((one) => (one.rehearsal === true ? { ...one, level: 0 as const } : one));

const linePackage = z
  .strictObject({
    /** The package, sealed. */
    file: path,
    /** Id of the job, or of the job in the file that `firmseal job open` wrote. */
    job: z.string().min(1).max(1024).optional(),
    /** File with the token of the line. */
    token: path.optional(),
    /** Folder of standing licenses that `firmseal license` wrote: no connection is needed then. */
    licenses: path.optional(),
    /** Batch that `firmseal batch new` wrote, in place of such a folder. */
    batch: path.optional(),
    /** Units or licenses left at which an alarm begins; a tenth of them when left out. */
    warnBelow: z.int().min(0).max(0x7fffffff).optional(),
    /** Different chips that this line may install; no limit of its own when left out. */
    units: count(0x7fffffff).optional(),
    /** Boot the application once its receipt is stored. */
    start: z.boolean().default(false),
    personalize: personalize.optional(),
  })
  .refine(
    ({ job, licenses, batch }) => job !== undefined || licenses !== undefined || batch !== undefined,
    'job, licenses or batch is due',
  )
  .refine(
    ({ licenses, batch }) => licenses === undefined || batch === undefined,
    'licenses and batch exclude each other',
  )
  .refine(({ job, token }) => (job === undefined) === (token === undefined), 'job and token go together');

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** An address without user, query or fragment; unencrypted for this machine alone. */
const address = (secure: string, plain: string) =>
  z
    .string()
    .max(1024)
    .refine((text) => {
      if (!URL.canParse(text)) return false;
      const { protocol, username, password, search, hash } = new URL(text);
      return [secure, plain].includes(protocol) && `${username}${password}${search}${hash}` === '';
    }, `it is no address that begins with ${secure}// and has no user, query or fragment`)
    .refine((text) => {
      if (!URL.canParse(text)) return true;
      const { protocol, hostname } = new URL(text);
      return protocol === secure || loopback.has(hostname);
    }, `${plain}// is for this machine alone`);

/** Letters, digits and a few signs: no wildcard of MQTT. */
const topic = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, 'it is no topic')
  .max(200);

const mqtt = z
  .strictObject({
    url: address('mqtts:', 'mqtt:'),
    /** Before every topic of the line. */
    topic,
    user: z.string().min(1).max(128).optional(),
    /** File whose first line is the password. */
    passwordFile: path.optional(),
    /** PEM files: of the broker's CA, and of a client certificate with its key. */
    ca: path.optional(),
    certificate: path.optional(),
    key: path.optional(),
  })
  .refine(
    ({ certificate, key }) => (certificate === undefined) === (key === undefined),
    'certificate and key go together',
  );

const socket = z.strictObject({
  name,
  place,
  /** Where blank chips are personalized first: how they are programmed. */
  via: way.optional(),
  package: name,
  /** Name of what it shares with other sockets: a hub, a probe, a supply. */
  controller: name.optional(),
  /** TCP port for a tester; 0 lets the system choose. */
  testerPort: port.optional(),
});

/** Verifier keys as text, so that a released line has them in it (spec/ledger.md section 2). */
const verifierKey = z
  .string()
  .regex(/^[^+\s]{1,128}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}$/, 'NAME+ID+KEY is due');

const ledger = z
  .strictObject({
    logKey: verifierKey,
    witnessKeys: z.array(verifierKey).max(16).default([]),
    /** How many of the witnesses must have cosigned; all when left out. */
    leastWitnesses: z.int().min(0).max(16).optional(),
  })
  .refine(
    ({ witnessKeys, leastWitnesses = 0 }) => leastWitnesses <= witnessKeys.length,
    'leastWitnesses is above the number of witnessKeys',
  );

const lineFile = z
  .strictObject({
    format: z.literal(lineFormat),
    name,
    authority: z.string().min(1).max(1024).optional(),
    rootKey: path,
    deviceCaDelegation: path,
    /** Licenses of the authority are taken only with their proofs. */
    ledger: ledger.optional(),
    packages: z.record(name, linePackage),
    sockets: z.array(socket).min(1).max(mostSockets),
    /** By name: installs at the same time. */
    controllers: z.record(name, z.strictObject({ mostAtOnce: count(mostSockets) })).default({}),
    /** Installs at the same time on the whole line. */
    mostAtOnce: count(mostSockets).default(64),
    /** `chip`: a chip that appears is installed. `tester`: only when the tester or the operator says so. */
    begin: z.enum(['chip', 'tester']).default('chip'),
    /** `required`: a scanned label comes before each chip. */
    labels: z.enum(['none', 'required']).default('none'),
    /** Whether a chip that passed within `repeatHours` is installed again. */
    repeatChips: z.enum(['refuse', 'allow']).default('refuse'),
    repeatHours: count(24 * 366).default(24),
    /** Failures of a socket one after the other, after which it takes no further chip. */
    haltAfter: count(1000).default(5),
    /** How long a chip waits for an authority that is away; the next attempt is then the operator's. */
    authorityPatienceMinutes: z.int().min(0).max(10_080).optional(),
    /**
     * Tells the authority the state of the sockets every so many seconds
     * (docs/console.md); never when left out.
     */
    boardEverySeconds: z.int().min(1).max(3600).optional(),
    /** Host on which tester ports listen. */
    testerHost: z.enum(['127.0.0.1', '::1']).default('127.0.0.1'),
    /** A broker that gets the events of docs/line-events.md. */
    mqtt: mqtt.optional(),
    /** An address that gets results and alarms, each by a POST. */
    webhook: z.strictObject({ url: address('https:', 'http:') }).optional(),
    /** Program and arguments, run for each chip that passed. */
    onPass: z.array(z.string().max(1024)).min(1).max(32).optional(),
  })
  .superRefine((file, context) => {
    const problem = (message: string, at: (string | number)[]) =>
      context.addIssue({ code: 'custom', message, path: at });
    const seen = new Map<string, number>();
    const places = new Map<string, string>();
    for (const [index, one] of file.sockets.entries()) {
      if (seen.has(one.name)) problem(`the name ${one.name} is there twice`, ['sockets', index, 'name']);
      seen.set(one.name, index);
      const taken = places.get(one.place);
      if (taken !== undefined) problem(`${taken} has this place too`, ['sockets', index, 'place']);
      places.set(one.place, one.name);
      if (!Object.hasOwn(file.packages, one.package))
        problem(`there is no package ${one.package}`, ['sockets', index, 'package']);
      const isPersonalized = file.packages[one.package]?.personalize !== undefined;
      if ((one.via !== undefined) !== isPersonalized)
        problem(
          isPersonalized
            ? 'its package is personalized first, which needs via'
            : 'via needs the section personalize of its package',
          ['sockets', index, 'via'],
        );
      if (one.controller !== undefined && !Object.hasOwn(file.controllers, one.controller))
        problem(`there is no controller ${one.controller}`, ['sockets', index, 'controller']);
    }
    for (const [key, one] of Object.entries(file.packages))
      if (one.job !== undefined && file.authority === undefined)
        problem('its job needs an authority', ['packages', key]);
      else if (one.personalize?.siteToken !== undefined && file.authority === undefined)
        problem('the token of its site needs an authority', ['packages', key, 'personalize']);
  });

export type LineFile = z.output<typeof lineFile>;
export type LineFilePackage = LineFile['packages'][string];
export type LinePersonalization = NonNullable<LineFilePackage['personalize']>;

/** For readers of JSON files. */
export const lineFileSchema: z.ZodType<LineFile> = lineFile;
