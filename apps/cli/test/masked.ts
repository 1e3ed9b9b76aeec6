// Transcripts without what differs from run to run: the folder of the test, times, ids and ports.

export const masked = (text: string, folder: string): string =>
  text
    .replaceAll(folder, 'FOLDER')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\d{4}-\d\d-\d\d [\d:]+Z/g, 'TIME')
    .replace(/\b[0-9a-f]{8,64}\b/g, 'HEX')
    .replace(/127\.0\.0\.1:\d+/g, 'HOST:PORT')
    .replace(/(no agent build|agent builds [\w, -]+?) in this/g, 'AGENTS in this');
