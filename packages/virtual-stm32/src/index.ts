export { type AgentImagePart, agentImage } from './agent-image.ts';
export type { BootPins, BootSource } from './boot-source.ts';
export { type BootedApplication, type ChipEvent, VirtualChip, type VirtualChipOptions } from './chip.ts';
export { SimulatedClock } from './clock.ts';
export type { DebugPort, NoDebug } from './debug-port.ts';
export { serveLink } from './doors/link-service.ts';
export { serveProbe } from './doors/probe-service.ts';
export type { BankMapping, CpuPort, ExecutorFactory, FirmwareExecutor, InputPin } from './executor.ts';
export { type CreateOptions, createVirtualChip } from './factory.ts';
export type { FlashStatus, ReadFault } from './flash-memory.ts';
export type { TimingModel } from './flash-timing.ts';
export type { Judge } from './judge.ts';
export type { OptionStatus } from './option-bytes.ts';
export type { CutMoment, Operation, OperationKind, PowerCut, PowerPlan } from './power-supply.ts';
export {
  isAllowed,
  type Master,
  type MemoryAction,
  type MemoryArea,
  type ProtectionState,
} from './protection.ts';
export { SeededRandom } from './random.ts';
export { ChipReset, HandedOver, PowerLost, type ResetCause } from './signals.ts';
export type { ChipSnapshot } from './snapshot.ts';
export { agentRequest, wasmAgent } from './wasm-agent.ts';
export type { RamStore } from './working-memory.ts';
