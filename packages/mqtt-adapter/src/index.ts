export type { Message } from './packet.ts';
export { type MqttOptions, MqttPublisher } from './publisher.ts';
