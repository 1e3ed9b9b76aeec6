// Sessions with one token. A few stay open, and each serves one operation at a time. A login counts for all
// sessions of the process. When a token, a session or a login is gone, all sessions are opened again; when
// that does not help, the module is initialized again. A wrong PIN is tried once: tokens lock themselves.

import { Secret } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import {
  beginAgain,
  beginModule,
  cki,
  codeOf,
  isGone,
  type Pkcs11,
  reasonOf,
  returnValue,
  type TokenInfo,
} from './pkcs11-library.ts';
import type { Pkcs11Uri } from './pkcs11-uri.ts';

/** More would not make one key of one token faster. */
const sessionsAtMost = 4;

const trimmed = (text: string): string => text.replace(/[\0 ]+$/, '');

/** Undefined for a token that fails: it is not the one that is looked for, or it is away. */
function infoOf(module: Pkcs11, slot: Buffer): TokenInfo | undefined {
  try {
    return module.C_GetTokenInfo(slot);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

export type Session = Buffer;

export class TokenSessions {
  readonly #module: Pkcs11;
  readonly #uri: Pkcs11Uri;
  readonly #pin: Secret;
  readonly #name: string;
  #free: Session[] = [];
  #open = 0;
  /** Sessions of an older generation are gone: nobody gives them back. */
  #generation = 0;
  #waiting: (() => void)[] = [];
  #closed = false;
  /** It was there once, so it may come back. */
  #found = false;
  #refused: Fault | undefined;

  constructor(module: Pkcs11, uri: Pkcs11Uri, pin: Secret) {
    this.#module = module;
    this.#uri = uri;
    this.#pin = new Secret(Uint8Array.from(pin.expose()));
    this.#name = uri.token ?? uri.serial ?? `slot ${uri.slotId}`;
  }

  /** For sentences: label, serial number or slot as the URI gives it. */
  get name(): string {
    return this.#name;
  }

  get generation(): number {
    return this.#generation;
  }

  /**
   * Lets `act` have a session. When the token went away meanwhile, all sessions are forgotten and `act` is
   * called again, at most twice. Throws `token-absent`, `token-pin-wrong`, `token-pin-locked`,
   * `token-failed`, and what `act` throws that is no error of PKCS #11.
   */
  async use<T>(what: string, act: (session: Session) => Promise<T> | T): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(act);
      } catch (error) {
        const gone = isGone(error) || (error instanceof Fault && error.code === 'token-absent');
        if (!gone || !this.#found || attempt === 2) throw this.#faultOf(what, error);
      }
      this.#forget();
      try {
        if (attempt === 1) beginAgain(this.#module);
      } catch (error) {
        throw this.#faultOf(what, error);
      }
    }
  }

  close(): void {
    this.#closed = true;
    for (const session of this.#free) this.#end(session);
    this.#forget();
    this.#pin.wipe();
  }

  #faultOf(what: string, error: unknown): unknown {
    if (codeOf(error) === undefined) return error;
    return new Fault(
      'token-failed',
      { token: this.#name, operation: what, reason: reasonOf(error) },
      { cause: error },
    );
  }

  async #once<T>(act: (session: Session) => Promise<T> | T): Promise<T> {
    const generation = this.#generation;
    const session = await this.#take();
    try {
      return await act(session);
    } finally {
      if (generation === this.#generation) this.#give(session);
    }
  }

  async #take(): Promise<Session> {
    for (;;) {
      if (this.#closed) throw new Fault('internal-error', { detail: 'a token key was used after close' });
      const session = this.#free.pop();
      if (session) return session;
      if (this.#open < sessionsAtMost) return this.#begin();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #give(session: Session): void {
    if (this.#closed) this.#end(session);
    else this.#free.push(session);
    this.#waiting.shift()?.();
  }

  #forget(): void {
    this.#generation++;
    this.#free = [];
    this.#open = 0;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #end(session: Session): void {
    try {
      this.#module.C_CloseSession(session);
    } catch {
      // It is gone already.
    }
  }

  #slot(): Buffer {
    const { token, serial, manufacturer, model, slotId } = this.#uri;
    const wanted: [string | undefined, 'label' | 'serialNumber' | 'manufacturerID' | 'model'][] = [
      [token, 'label'],
      [serial, 'serialNumber'],
      [manufacturer, 'manufacturerID'],
      [model, 'model'],
    ];
    const found = this.#module.C_GetSlotList(true).filter((slot) => {
      if (slotId !== undefined && Number(slot.readBigUInt64LE(0)) !== slotId) return false;
      const info = infoOf(this.#module, slot);
      return wanted.every(([value, field]) => value === undefined || trimmed(info?.[field] ?? '') === value);
    });
    if (found.length !== 1)
      throw new Fault('token-absent', { token: this.#name, module: this.#uri.module, found: found.length });
    return found[0]!;
  }

  #begin(): Session {
    if (this.#refused) throw this.#refused;
    beginModule(this.#module);
    const slot = this.#slot();
    const session = this.#module.C_OpenSession(slot, cki.serialSession | cki.readWriteSession);
    try {
      this.#module.C_Login(session, cki.user, new TextDecoder().decode(this.#pin.expose()));
    } catch (error) {
      const code = codeOf(error);
      if (code !== returnValue.alreadyLoggedIn) {
        this.#end(session);
        const { pinIncorrect, pinInvalid, pinLengthRange, pinLocked } = returnValue;
        const token = { token: this.#name };
        if ([pinIncorrect, pinInvalid, pinLengthRange].some((one) => one === code))
          this.#refused = new Fault('token-pin-wrong', token);
        if (code === pinLocked) this.#refused = new Fault('token-pin-locked', token);
        throw this.#refused ?? error;
      }
    }
    this.#open++;
    this.#found = true;
    return session;
  }
}
