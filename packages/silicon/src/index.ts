export { type CheckOptions, checkSilicon } from './check-silicon.ts';
export { type GeneratorStatistics, generatorStatistics, looksRandom } from './generator-statistics.ts';
export {
  hasPassed,
  isTried,
  readSiliconReport,
  type SiliconCheck,
  type SiliconReport,
  siliconReportText,
} from './report.ts';
export { shippedReports } from './shipped-reports.ts';
