// All that the element says, in English and German. Texts of others (titles, versions, addresses) come in
// as arguments and are only ever set as text.

import type { Situation } from './advice.ts';

interface Advice {
  readonly what: string;
  readonly remedy: string;
}

export type Stage = 'connect' | 'check' | 'erase' | 'write' | 'prove' | 'reconnect';

export interface Words {
  readonly offered: (version: string) => string;
  readonly loading: string;
  readonly before: string;
  /** `host`: of the authority that gives the license. */
  readonly asks: (host: string) => string;
  readonly start: string;
  readonly resume: string;
  readonly interrupted: string;
  readonly looking: string;
  readonly choose: string;
  readonly restarted: string;
  readonly byUsb: string;
  readonly bySerial: string;
  readonly stages: Readonly<Record<Stage, string>>;
  readonly keepConnected: string;
  readonly progress: string;
  readonly done: (version: string) => string;
  readonly same: (version: string) => string;
  readonly proven: Readonly<Record<'pass' | 'weak', string>>;
  readonly versionBefore: string;
  readonly versionAfter: string;
  readonly device: string;
  readonly details: string;
  readonly none: string;
  readonly unfinished: string;
  readonly unknown: (digest: string) => string;
  readonly saveReceipt: string;
  readonly again: string;
  readonly retry: string;
  readonly contact: (text: string) => string;
  readonly unfit: Advice;
  readonly advice: Readonly<Record<Situation, Advice>>;
}

const en: Words = {
  offered: (version) => `Version ${version}`,
  loading: 'The update is being fetched and checked.',
  before: 'Connect the device to this computer with its cable, then start.',
  asks: (host) =>
    `The page asks ${host} for the license of your device and sends the receipt there. Both name the device by its number.`,
  start: 'Update the device',
  resume: 'Continue the update',
  interrupted: 'An update on this computer was interrupted. Connect the same device and continue.',
  looking: 'Looking for the device.',
  choose: 'How is the device connected? Your browser then lists what it can reach: choose the device there.',
  restarted:
    'The device has restarted for the update. Choose it once more: your browser now lists it as another device.',
  byUsb: 'By USB',
  bySerial: 'By a serial port',
  stages: {
    connect: 'Connecting to the device.',
    check: 'The device checks the update.',
    erase: 'The device makes room for the update.',
    write: 'The update is being written.',
    prove: 'The device proves what it holds.',
    reconnect: 'The connection was lost for a moment. Connecting again.',
  },
  keepConnected: 'Keep the device connected and this page open.',
  progress: 'Progress of the update',
  done: (version) => `The device now has version ${version}.`,
  same: (version) => `The device already had version ${version}. Nothing was changed.`,
  proven: {
    pass: 'The device signed a receipt for it, and this page verified the receipt.',
    weak: 'The device signed a receipt for it, and this page verified the receipt. It names a weakness: the device is not protected as the update expects. Tell the maker of the product.',
  },
  versionBefore: 'Version before',
  versionAfter: 'Version after',
  device: 'Number of the device',
  details: 'Details',
  none: 'none',
  unfinished: 'an unfinished update',
  unknown: (digest) => `unknown (${digest})`,
  saveReceipt: 'Save the receipt',
  again: 'Update another device',
  retry: 'Try again',
  contact: (text) => `Maker of the product: ${text}`,
  unfit: {
    what: 'This browser cannot reach devices.',
    remedy:
      'Open this page in Chrome, Edge or another browser of the Chromium family on a computer. Without one, the command "firmseal update" does the same.',
  },
  advice: {
    'another-product': {
      what: 'This update is for another product than the connected device.',
      remedy: 'Look for the update page of your device. Nothing was changed in the device.',
    },
    'another-chip': {
      what: 'This update is for another variant of the device.',
      remedy: 'Look for the update that is made for your variant. Nothing was changed in the device.',
    },
    'no-license': {
      what: 'There is no license for this device.',
      remedy:
        'Send the number of the device to the maker of the product and ask for a license. Nothing was changed in the device.',
    },
    'license-used-up': {
      what: 'The license of this device is used up or has ended.',
      remedy: 'Send the number of the device to the maker of the product and ask for a new license.',
    },
    'older-version': {
      what: 'The device has a newer version than this update, and does not go back.',
      remedy: 'Reload this page, or look for a newer update. Nothing was changed in the device.',
    },
    'old-agent': {
      what: 'The loader in the device is too old for this update.',
      remedy: 'Ask the maker of the product how to update it. Nothing was changed in the device.',
    },
    'line-lost': {
      what: 'The connection to the device was lost.',
      remedy: 'Plug the cable in again and wait a moment, then press the button: the update continues.',
    },
    'no-agent': {
      what: 'The device does not answer.',
      remedy:
        'Check that the cable carries data. Hold the update button of the device while you plug it in, then try again.',
    },
    'boot-rom': {
      what: 'The device is in the boot ROM of its chip.',
      remedy:
        'Release BOOT0 (button, switch or jumper), unplug the device, plug it in again, then try again.',
    },
    'in-use': {
      what: 'The device could not be opened.',
      remedy:
        'Close other programs and browser tabs that use it, and plug it in again. On Linux, the rules that "firmseal doctor --write-udev" writes give you the permission.',
    },
    'not-ready': {
      what: 'The device was never set up by its maker.',
      remedy: 'Ask the maker of the product: the device needs an identity first. Nothing was changed in it.',
    },
    'not-fetched': {
      what: 'The update could not be fetched.',
      remedy:
        'Check the connection to the internet and reload this page. If it stays, tell the maker of the product.',
    },
    'quota-out': {
      what: 'All licenses of this update are given out.',
      remedy:
        'Ask the maker of the product for more and name the number of the device. Nothing was changed in the device.',
    },
    halted: {
      what: 'The maker of the product halted this update.',
      remedy: 'Try again in a few days, or ask the maker of the product.',
    },
    waits: {
      what: 'This update goes out step by step, and it is not the turn of this device yet.',
      remedy: 'Try again in a few days. Nothing was changed in the device.',
    },
    stopped: {
      what: 'The maker of the product gives this device no license.',
      remedy: 'Send the number of the device to the maker of the product and ask for the reason.',
    },
    'offer-ended': {
      what: 'This update is not given out any more.',
      remedy: 'Reload this page, or look for a newer update of the maker.',
    },
    'not-accepted': {
      what: 'The device has the update, but it is not protected as the maker of the product asks.',
      remedy: 'Send the number of the device to the maker of the product.',
    },
    'authority-away': {
      what: 'The place that gives licenses and takes receipts does not answer.',
      remedy: 'Check the connection to the internet and press the button: the update continues where it was.',
    },
    'update-damaged': {
      what: 'The update is damaged, or it does not come from the maker of the product.',
      remedy: 'Reload this page. If it stays, tell the maker of the product.',
    },
    'device-changed': {
      what: 'Another device was plugged in before the update ended.',
      remedy: 'Plug the first device in again and press the button: the update continues.',
    },
    'chip-fault': {
      what: 'The device could not write its memory.',
      remedy: 'Check its power supply and try again. If it stays, the device needs a repair.',
    },
    'no-storage': {
      what: 'This browser keeps no data for this page.',
      remedy: 'Allow the page to store data, or leave private browsing, then reload the page.',
    },
    other: {
      what: 'The update failed.',
      remedy: 'Try again. If it stays, send the details below to the maker of the product.',
    },
  },
};

const de: Words = {
  offered: (version) => `Version ${version}`,
  loading: 'Das Update wird geladen und geprüft.',
  before: 'Schließen Sie das Gerät mit seinem Kabel an diesen Computer an und starten Sie dann.',
  asks: (host) =>
    `Die Seite holt die Lizenz Ihres Geräts bei ${host} und sendet die Quittung dorthin. Beide nennen das Gerät mit seiner Nummer.`,
  start: 'Gerät aktualisieren',
  resume: 'Update fortsetzen',
  interrupted:
    'Ein Update an diesem Computer wurde unterbrochen. Schließen Sie dasselbe Gerät an und setzen Sie es fort.',
  looking: 'Das Gerät wird gesucht.',
  choose:
    'Wie ist das Gerät angeschlossen? Ihr Browser zeigt danach, was er erreicht: Wählen Sie dort das Gerät aus.',
  restarted:
    'Das Gerät ist für das Update neu gestartet. Wählen Sie es noch einmal aus: Ihr Browser zeigt es jetzt als anderes Gerät.',
  byUsb: 'Über USB',
  bySerial: 'Über eine serielle Schnittstelle',
  stages: {
    connect: 'Verbindung zum Gerät wird hergestellt.',
    check: 'Das Gerät prüft das Update.',
    erase: 'Das Gerät schafft Platz für das Update.',
    write: 'Das Update wird geschrieben.',
    prove: 'Das Gerät weist nach, was es enthält.',
    reconnect: 'Die Verbindung war kurz unterbrochen. Sie wird wiederhergestellt.',
  },
  keepConnected: 'Lassen Sie das Gerät angeschlossen und diese Seite geöffnet.',
  progress: 'Fortschritt des Updates',
  done: (version) => `Das Gerät hat jetzt Version ${version}.`,
  same: (version) => `Das Gerät hatte bereits Version ${version}. Nichts wurde geändert.`,
  proven: {
    pass: 'Das Gerät hat dafür eine Quittung unterschrieben, und diese Seite hat sie geprüft.',
    weak: 'Das Gerät hat dafür eine Quittung unterschrieben, und diese Seite hat sie geprüft. Sie nennt eine Schwäche: Das Gerät ist nicht so geschützt, wie das Update es erwartet. Teilen Sie das dem Hersteller mit.',
  },
  versionBefore: 'Version vorher',
  versionAfter: 'Version nachher',
  device: 'Nummer des Geräts',
  details: 'Einzelheiten',
  none: 'keine',
  unfinished: 'ein unfertiges Update',
  unknown: (digest) => `unbekannt (${digest})`,
  saveReceipt: 'Quittung speichern',
  again: 'Weiteres Gerät aktualisieren',
  retry: 'Noch einmal versuchen',
  contact: (text) => `Hersteller: ${text}`,
  unfit: {
    what: 'Dieser Browser kann keine Geräte erreichen.',
    remedy:
      'Öffnen Sie diese Seite auf einem Computer in Chrome, Edge oder einem anderen Browser der Chromium-Familie. Ohne einen solchen leistet der Befehl „firmseal update“ dasselbe.',
  },
  advice: {
    'another-product': {
      what: 'Dieses Update ist für ein anderes Produkt als das angeschlossene Gerät.',
      remedy: 'Suchen Sie die Update-Seite Ihres Geräts. Am Gerät wurde nichts geändert.',
    },
    'another-chip': {
      what: 'Dieses Update ist für eine andere Ausführung des Geräts.',
      remedy: 'Suchen Sie das Update für Ihre Ausführung. Am Gerät wurde nichts geändert.',
    },
    'no-license': {
      what: 'Für dieses Gerät gibt es keine Lizenz.',
      remedy:
        'Senden Sie die Nummer des Geräts an den Hersteller und bitten Sie um eine Lizenz. Am Gerät wurde nichts geändert.',
    },
    'license-used-up': {
      what: 'Die Lizenz dieses Geräts ist verbraucht oder abgelaufen.',
      remedy: 'Senden Sie die Nummer des Geräts an den Hersteller und bitten Sie um eine neue Lizenz.',
    },
    'older-version': {
      what: 'Das Gerät hat eine neuere Version als dieses Update und geht nicht zurück.',
      remedy: 'Laden Sie diese Seite neu oder suchen Sie ein neueres Update. Am Gerät wurde nichts geändert.',
    },
    'old-agent': {
      what: 'Der Lader im Gerät ist für dieses Update zu alt.',
      remedy: 'Fragen Sie den Hersteller, wie er zu erneuern ist. Am Gerät wurde nichts geändert.',
    },
    'line-lost': {
      what: 'Die Verbindung zum Gerät ging verloren.',
      remedy:
        'Stecken Sie das Kabel wieder ein, warten Sie einen Moment und drücken Sie den Knopf: Das Update geht weiter.',
    },
    'no-agent': {
      what: 'Das Gerät antwortet nicht.',
      remedy:
        'Prüfen Sie, ob das Kabel Daten überträgt. Halten Sie beim Einstecken die Update-Taste des Geräts gedrückt und versuchen Sie es noch einmal.',
    },
    'boot-rom': {
      what: 'Das Gerät ist im Boot-ROM seines Chips.',
      remedy:
        'Lassen Sie BOOT0 los (Taste, Schalter oder Brücke), stecken Sie das Gerät aus und wieder ein und versuchen Sie es noch einmal.',
    },
    'in-use': {
      what: 'Das Gerät ließ sich nicht öffnen.',
      remedy:
        'Schließen Sie andere Programme und Browser-Tabs, die es benutzen, und stecken Sie es neu ein. Unter Linux geben Ihnen die Regeln von „firmseal doctor --write-udev“ die Erlaubnis.',
    },
    'not-ready': {
      what: 'Das Gerät wurde von seinem Hersteller nie eingerichtet.',
      remedy:
        'Fragen Sie den Hersteller: Das Gerät braucht zuerst eine Identität. Am Gerät wurde nichts geändert.',
    },
    'not-fetched': {
      what: 'Das Update ließ sich nicht laden.',
      remedy:
        'Prüfen Sie die Internetverbindung und laden Sie diese Seite neu. Bleibt es so, sagen Sie es dem Hersteller.',
    },
    'quota-out': {
      what: 'Alle Lizenzen dieses Updates sind vergeben.',
      remedy:
        'Bitten Sie den Hersteller um weitere und nennen Sie die Nummer des Geräts. Am Gerät wurde nichts geändert.',
    },
    halted: {
      what: 'Der Hersteller hat dieses Update angehalten.',
      remedy: 'Versuchen Sie es in einigen Tagen wieder oder fragen Sie den Hersteller.',
    },
    waits: {
      what: 'Dieses Update wird schrittweise verteilt, und dieses Gerät ist noch nicht an der Reihe.',
      remedy: 'Versuchen Sie es in einigen Tagen wieder. Am Gerät wurde nichts geändert.',
    },
    stopped: {
      what: 'Der Hersteller gibt diesem Gerät keine Lizenz.',
      remedy: 'Senden Sie die Nummer des Geräts an den Hersteller und fragen Sie nach dem Grund.',
    },
    'offer-ended': {
      what: 'Dieses Update wird nicht mehr vergeben.',
      remedy: 'Laden Sie diese Seite neu oder suchen Sie ein neueres Update des Herstellers.',
    },
    'not-accepted': {
      what: 'Das Gerät hat das Update, ist aber nicht so geschützt, wie der Hersteller es verlangt.',
      remedy: 'Senden Sie die Nummer des Geräts an den Hersteller.',
    },
    'authority-away': {
      what: 'Die Stelle, die Lizenzen vergibt und Quittungen annimmt, antwortet nicht.',
      remedy:
        'Prüfen Sie die Internetverbindung und drücken Sie den Knopf: Das Update geht dort weiter, wo es war.',
    },
    'update-damaged': {
      what: 'Das Update ist beschädigt oder stammt nicht vom Hersteller des Produkts.',
      remedy: 'Laden Sie diese Seite neu. Bleibt es so, sagen Sie es dem Hersteller.',
    },
    'device-changed': {
      what: 'Vor dem Ende des Updates wurde ein anderes Gerät eingesteckt.',
      remedy: 'Stecken Sie das erste Gerät wieder ein und drücken Sie den Knopf: Das Update geht weiter.',
    },
    'chip-fault': {
      what: 'Das Gerät konnte seinen Speicher nicht beschreiben.',
      remedy:
        'Prüfen Sie seine Stromversorgung und versuchen Sie es noch einmal. Bleibt es so, braucht das Gerät eine Reparatur.',
    },
    'no-storage': {
      what: 'Dieser Browser speichert keine Daten für diese Seite.',
      remedy:
        'Erlauben Sie der Seite, Daten zu speichern, oder verlassen Sie den privaten Modus, und laden Sie die Seite neu.',
    },
    other: {
      what: 'Das Update ist fehlgeschlagen.',
      remedy:
        'Versuchen Sie es noch einmal. Bleibt es so, senden Sie die Einzelheiten unten an den Hersteller.',
    },
  },
};

/** German for a language tag that begins with `de`, else English. */
export const wordsOf = (language: string): Words => (/^de\b/i.test(language) ? de : en);
