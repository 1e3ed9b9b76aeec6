// <firmseal-update>: reads the description of an update, finds the device, runs the update and shows how it
// ended. One picture at a time in a shadow root; a live region tells screen readers what changes.

import { toHex } from '@firmseal/bytes';
import { webCrypto } from '@firmseal/crypto-web';
import { Fault, faultLabel } from '@firmseal/fault';
import { systemClock } from '@firmseal/link';
import { asFault, type InstallEvent, type InstallStateName } from '@firmseal/programmer';
import {
  findAgent,
  isInterrupted,
  type OpenedOffer,
  offerScriptType,
  openOffer,
  readOffer,
  runUpdate,
  type UpdateResult,
} from '@firmseal/updater';
import { situationOf } from './advice.ts';
import {
  askForLine,
  enterKnownAgent,
  knownLines,
  type Line,
  openerOf,
  type Way,
  waysHere,
} from './devices.ts';
import { fetchPart } from './fetch-part.ts';
import { openStoredJournal, type StoredJournal } from './stored-journal.ts';
import { styles } from './styles.ts';
import { buttons, list, make, paragraph, progressBar } from './view.ts';
import { type Stage, type Words, wordsOf } from './words.ts';

const now = () => new Date();

const stages: Readonly<Partial<Record<InstallStateName, Stage>>> = {
  opening: 'connect',
  package: 'check',
  license: 'erase',
  records: 'write',
  receipt: 'prove',
  restarting: 'reconnect',
};

export class FirmsealUpdate extends HTMLElement {
  readonly #panel: HTMLElement;
  readonly #head = make('div');
  /**
   * A screen reader says it whenever it changes, so it stays in its place for as long as the element lives.
   */
  readonly #live = make('div', { part: 'status', 'aria-live': 'polite', role: 'status' });
  readonly #body = make('div');
  #words: Words = wordsOf('en');
  #opened: OpenedOffer | undefined;
  #stored: StoredJournal | undefined;
  #receiptUrl: string | undefined;
  #running = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    root.adoptedStyleSheets = [sheet];
    this.#panel = make('section', { class: 'panel', part: 'panel', tabindex: '-1' });
    this.#panel.append(this.#head, this.#live, this.#body);
    root.append(this.#panel);
    window.addEventListener('beforeunload', (event) => {
      if (this.#running) event.preventDefault();
    });
  }

  connectedCallback(): void {
    // Moved within the page, it goes on.
    if (this.#live.textContent !== '' || this.#opened !== undefined) return;
    const asked = this.getAttribute('language') ?? this.closest('[lang]')?.getAttribute('lang') ?? 'auto';
    const language = asked === 'auto' ? navigator.language : asked;
    this.#words = wordsOf(language);
    this.#panel.setAttribute('lang', this.#words === wordsOf('de') ? 'de' : 'en');
    void this.#load();
  }

  /** Replaces what is shown; `said` goes to the live region. */
  #show(said: string, ...children: readonly (Node | undefined)[]): void {
    const { offer, sealed } = this.#opened ?? {};
    const title = offer?.title ?? offer?.product;
    const hadFocus = this.shadowRoot?.activeElement !== null;
    const level = this.getAttribute('heading') === '1' ? 'h1' : 'h2';
    const heading =
      title === undefined || sealed === undefined
        ? [level === 'h1' ? make(level, { part: 'title' }, document.title) : undefined]
        : [
            make(level, { part: 'title' }, title),
            make('p', { class: 'version', part: 'version' }, this.#words.offered(this.#version)),
          ];
    const contact = offer?.contact;
    this.#head.replaceChildren(...heading.filter((one) => one !== undefined));
    this.#live.textContent = said;
    this.#live.className = '';
    this.#body.replaceChildren(
      ...children.filter((one) => one !== undefined),
      ...(contact === undefined ? [] : [make('p', { class: 'contact' }, this.#words.contact(contact))]),
    );
    // The button that had the focus is gone: keyboard and screen reader go on from the panel.
    if (hadFocus) this.#panel.focus({ preventScroll: true });
  }

  get #version(): string {
    return this.#opened!.sealed.manifest.core.firmwareVersion;
  }

  async #load(): Promise<void> {
    const words = this.#words;
    this.#show(words.loading);
    if (waysHere().length === 0) {
      this.#show('', this.#alert(words.unfit));
      return;
    }
    try {
      const { json, base } = await this.#description();
      const offer = readOffer(json, 'the description of the update');
      const readPart = (url: string) => fetchPart(url, base);
      this.#opened = await openOffer(webCrypto, { offer, readPart, now });
      const { digest } = this.#opened.sealed.manifest;
      this.#stored = openStoredJournal(toHex(digest));
      this.#ready();
    } catch (error) {
      this.#failed(asFault(error), undefined, () => void this.#load());
    }
  }

  /** The JSON inside of the element, or at the address of its attribute `offer`. */
  async #description(): Promise<{ json: string; base: string }> {
    const inside = this.querySelector(`script[type="${offerScriptType}"]`);
    if (inside !== null) return { json: inside.textContent, base: document.baseURI };
    const url = this.getAttribute('offer') ?? 'update.json';
    const bytes = await fetchPart(url, document.baseURI, this.getAttribute('integrity'));
    if (bytes === undefined) throw new Fault('update-part-missing', { file: url });
    return { json: new TextDecoder().decode(bytes), base: new URL(url, document.baseURI).href };
  }

  #ready(): void {
    const words = this.#words;
    const interrupted = isInterrupted(this.#stored!.journal);
    const { authority } = this.#opened!.offer;
    this.#show(
      interrupted ? words.interrupted : words.before,
      authority && paragraph(words.asks(new URL(authority.url).host), 'hint'),
      buttons({
        text: interrupted ? words.resume : words.start,
        part: 'start',
        act: () => void this.#start(),
      }),
    );
  }

  /** Devices that the page knows come first; only when none of them answers is the person asked for one. */
  async #start(): Promise<void> {
    this.#show(this.#words.looking);
    try {
      for (const line of await knownLines()) {
        const found = await findAgent(openerOf(line), [line.way], systemClock);
        if (found.length > 0) return await this.#run(line);
      }
      const line = await enterKnownAgent();
      if (line !== undefined) return await this.#run(line);
      this.#choose();
    } catch (error) {
      this.#failed(asFault(error), undefined, () => void this.#start());
    }
  }

  #choose(said = this.#words.choose): void {
    const words = this.#words;
    const ways = waysHere();
    const button = (way: Way) =>
      ways.includes(way)
        ? {
            text: way === 'usb' ? words.byUsb : words.bySerial,
            part: way,
            second: way === 'serial',
            act: () => void this.#ask(way),
          }
        : undefined;
    this.#show(said, buttons(button('usb'), button('serial')));
  }

  async #ask(way: Way): Promise<void> {
    try {
      const line = await askForLine(way);
      if (line === 'restarted') this.#choose(this.#words.restarted);
      else if (line !== undefined) await this.#run(line);
    } catch (error) {
      this.#failed(asFault(error), undefined, () => void this.#start());
    }
  }

  async #run(line: Line): Promise<void> {
    const words = this.#words;
    const bar = progressBar(words.progress);
    const { journal, clear } = this.#stored!;
    this.#show(words.stages.connect, bar.element, paragraph(words.keepConnected, 'hint'));
    const onEvent = (event: InstallEvent) => {
      if (event.kind === 'progress') bar.show(event.doneBytes / event.totalBytes);
      const stage = event.kind === 'state' ? stages[event.to] : undefined;
      if (stage !== undefined) this.#live.textContent = words.stages[stage];
      this.dispatchEvent(new CustomEvent('firmseal-progress', { detail: event }));
    };
    this.#running = true;
    const settings = {
      ...{ crypto: webCrypto, opened: this.#opened!, opener: openerOf(line), socket: line.way },
      ...{ journal, clock: systemClock, now, onEvent },
    };
    const update = await runUpdate(settings).finally(() => {
      this.#running = false;
    });
    const { result } = update;
    if (result.outcome === 'fail') {
      this.#failed(result.fault, update, () => void this.#start());
      return;
    }
    clear();
    this.#done(update, result.outcome === 'pass');
  }

  #done({ before, receiptFile }: UpdateResult, isPass: boolean): void {
    const words = this.#words;
    const same = before?.manifestDigest !== undefined && before.version === this.#version;
    const said =
      same && before.lifeCycle === 'installed' ? words.same(this.#version) : words.done(this.#version);
    this.#show(
      said,
      paragraph(isPass ? words.proven.pass : words.proven.weak, 'proof', isPass ? '' : 'what'),
      list([
        [words.versionBefore, this.#before(before)],
        [words.versionAfter, this.#version],
        [words.device, before?.thumbprint],
      ]),
      make(
        'div',
        { class: 'buttons' },
        this.#receiptLink(receiptFile, before?.thumbprint ?? ''),
        ...buttons({ text: words.again, part: 'again', second: true, act: () => this.#ready() }).children,
      ),
    );
    this.#live.classList.add('good');
    this.dispatchEvent(new CustomEvent('firmseal-done', { detail: { isPass } }));
  }

  #before(before: UpdateResult['before']): string | undefined {
    const words = this.#words;
    if (before === undefined) return undefined;
    const { lifeCycle, manifestDigest, version } = before;
    if (lifeCycle === 'installing') return words.unfinished;
    if (manifestDigest === undefined) return words.none;
    return version ?? words.unknown(manifestDigest.slice(0, 16));
  }

  #receiptLink(receiptFile: UpdateResult['receiptFile'], thumbprint: string): HTMLElement | undefined {
    if (receiptFile === undefined) return undefined;
    if (this.#receiptUrl !== undefined) URL.revokeObjectURL(this.#receiptUrl);
    this.#receiptUrl = URL.createObjectURL(new Blob([receiptFile], { type: 'application/octet-stream' }));
    const name = `${thumbprint.slice(0, 16)}-${this.#version}.receipt`;
    return make(
      'a',
      { class: 'save', part: 'receipt', href: this.#receiptUrl, download: name },
      this.#words.saveReceipt,
    );
  }

  #alert({ what, remedy }: { readonly what: string; readonly remedy: string }): HTMLElement {
    return make(
      'div',
      { role: 'alert', part: 'fault' },
      paragraph(what, 'what', 'what'),
      paragraph(remedy, 'remedy'),
    );
  }

  #failed(fault: Fault, update: UpdateResult | undefined, retry: () => void): void {
    const words = this.#words;
    const situation = situationOf(fault);
    const interrupted = this.#stored !== undefined && isInterrupted(this.#stored.journal);
    this.#show(
      '',
      this.#alert(words.advice[situation]),
      list([[words.device, update?.before?.thumbprint]]),
      buttons({ text: interrupted ? words.resume : words.retry, part: 'retry', act: retry }),
      make(
        'details',
        { part: 'details' },
        make('summary', {}, words.details),
        make('p', { lang: 'en' }, `${faultLabel(fault.code)} ${fault.code}: ${fault.message}`),
      ),
    );
    this.dispatchEvent(new CustomEvent('firmseal-fault', { detail: { code: fault.code, situation } }));
  }
}
