// What a station of the campaign is told, in `station.json` of its folder: the options of `firmseal install`.

export interface StationFile {
  readonly authority: string;
  /** Hexadecimal. */
  readonly job: string;
  readonly token: string;
  /** `tcp:127.0.0.1:PORT`. */
  readonly sockets: readonly string[];
}
