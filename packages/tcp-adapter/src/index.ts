export { type LoopbackServer, type LoopbackServerOptions, serveLoopback } from './loopback-server.ts';
export { Relay, type RelayEvent, type RelayOptions } from './relay.ts';
export { connectTcp, TcpStream } from './tcp-stream.ts';
export {
  connectTls,
  listenTls,
  type TlsAddress,
  type TlsClientFiles,
  type TlsListener,
  type TlsServerFiles,
} from './tls.ts';
