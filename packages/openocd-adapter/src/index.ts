export {
  type ProbeCommands,
  type ProbeNames,
  probeCommands,
  type SocketDevice,
  stlinkServerCommands,
} from './probe-commands.ts';
export { type SpawnedOpenocd, type SpawnOpenocdOptions, spawnOpenocd } from './spawn-openocd.ts';
