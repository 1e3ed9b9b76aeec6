export { type LoopbackServer, type LoopbackServerOptions, serveLoopback } from './loopback-server.ts';
export { connectTcp, TcpStream } from './tcp-stream.ts';
