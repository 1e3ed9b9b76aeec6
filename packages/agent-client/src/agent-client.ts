// The requests of the agent as functions of one connection. spec/link.md section 3. It sends what
// it is given and reads answers strictly; the order of an install is packages/programmer,
// verification is packages/license.

import type { Bytes } from '@firmseal/bytes';
import { decodeCbor, oneOf } from '@firmseal/cbor-cose';
import {
  frameLongestContentBytes,
  LinkClient,
  type LinkClientOptions,
  type LinkCounts,
  streamRecords,
} from '@firmseal/link';
import { type AgentInfo, readAgentInfo } from './agent-info.ts';
import { type HelloAnswer, readHelloAnswer } from './hello-answer.ts';
import { expectEmpty, readPayload } from './payload.ts';
import {
  type EnrolmentProof,
  type PersonalizeBegin,
  type PersonalizeBegun,
  type PersonalizeFinish,
  personalizeBeginBody,
  personalizeFinishBody,
  personalizeProtectBody,
  readEnrolmentProof,
  readPersonalizeBegun,
} from './personalize.ts';

export interface RecordSource {
  readonly count: number;
  /** The record of an index; asked for again when the line goes back. */
  readonly recordAt: (index: number) => Uint8Array;
  /** Told the index that the agent awaits, whenever it moves forward. */
  readonly onAwaited?: (index: number) => void;
}

const none = new Uint8Array(0);
const licenseAnswer = oneOf(0, 1);

/** Every method rejects with the agent's fault (isAgentFault), or with a `link-` fault. */
export class AgentClient {
  readonly #link: LinkClient;
  readonly #recordsAhead: number;
  #info: AgentInfo;

  private constructor(link: LinkClient, info: AgentInfo, recordsAhead = 0) {
    this.#link = link;
    this.#info = info;
    this.#recordsAhead = recordsAhead;
  }

  /**
   * Takes over the stream and asks for the info twice. The first answer may be a repeat that the
   * agent kept from an earlier connection which used the same sequence; the second cannot be, as
   * the first changed what it keeps.
   */
  static async connect(options: LinkClientOptions): Promise<AgentClient> {
    const link = new LinkClient(options);
    try {
      await link.request('info', none);
      const info = readAgentInfo(await link.request('info', none));
      const client = new AgentClient(link, info, options.stream.recordsAhead);
      link.setLongestContentBytes(client.info.longestContentBytes);
      return client;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  /** The info as last read. */
  get info(): AgentInfo {
    return this.#info;
  }

  get counts(): LinkCounts {
    return this.#link.counts;
  }

  /** Reads the info again. */
  async readInfo(): Promise<AgentInfo> {
    this.#info = readAgentInfo(await this.#link.request('info', none));
    return this.#info;
  }

  /** `challenge`: 0 to 32 bytes; empty when offline. */
  async hello(challenge: Uint8Array): Promise<HelloAnswer> {
    return readHelloAnswer(await this.#link.request('hello', challenge));
  }

  async personalizeBegin(begin: PersonalizeBegin): Promise<PersonalizeBegun> {
    const body = personalizeBeginBody(begin);
    return readPersonalizeBegun(await this.#link.request('personalize-begin', body));
  }

  /** `nonce`: 32 bytes of whoever certifies; for the keys of the last begin. */
  async personalizeEnrol(nonce: Uint8Array): Promise<EnrolmentProof> {
    return readEnrolmentProof(await this.#link.request('personalize-enrol', nonce));
  }

  /** Sets option bytes before there is an identity; the chip resets after it. */
  async personalizeProtect(optionBytes: PersonalizeFinish['optionBytes']): Promise<void> {
    const body = personalizeProtectBody(optionBytes);
    expectEmpty('personalize-protect', await this.#link.request('personalize-protect', body));
  }

  /** After success the chip sets its option bytes and resets. */
  async personalizeFinish(finish: PersonalizeFinish): Promise<void> {
    const body = personalizeFinishBody(finish);
    expectEmpty('personalize-finish', await this.#link.request('personalize-finish', body));
  }

  /** Sends the header of a package as it stands in the file (spec/package.md section 1). */
  async sendPackageHeader(header: Uint8Array): Promise<void> {
    expectEmpty('package', await this.#link.request('package', header));
  }

  /** `resetting`: the chip applies option bytes; begin again with the hello and send the same license. */
  async sendLicense(bundle: Uint8Array): Promise<'ready' | 'resetting'> {
    const payload = await this.#link.request('license', bundle);
    const answer = readPayload('license', () =>
      licenseAnswer(decodeCbor(payload, { maxBytes: frameLongestContentBytes }), 'license'),
    );
    return answer === 0 ? 'ready' : 'resetting';
  }

  /** Resolves when the agent accepted the last record: from then on a valid record stands in the chip. */
  streamRecords(source: RecordSource): Promise<void> {
    const window = Math.max(this.#info.window, this.#recordsAhead);
    return streamRecords(this.#link, { ...source, window });
  }

  /** The signed receipt; `challenge` 32 bytes, or none for one that says NOT FRESH. */
  receipt(challenge?: Uint8Array): Promise<Bytes> {
    return this.#link.request('receipt', challenge ?? none);
  }

  /** As `receipt`, of the agent that was installed last. */
  agentReceipt(challenge?: Uint8Array): Promise<Bytes> {
    return this.#link.request('agent-receipt', challenge ?? none);
  }

  async acknowledge(): Promise<void> {
    expectEmpty('acknowledge', await this.#link.request('acknowledge', none));
  }

  /** Sends a recovery bundle (spec/recovery.md): the chip makes a new journal, and its hello's nonce ends. */
  async recover(bundle: Uint8Array): Promise<void> {
    expectEmpty('recover', await this.#link.request('recover', bundle));
  }

  /** The chip answers, resets and boots its application. */
  async start(): Promise<void> {
    expectEmpty('start', await this.#link.request('start', none));
  }

  /** Ends link and stream; open requests reject with `link-closed`. */
  close(): Promise<void> {
    return this.#link.close();
  }
}
