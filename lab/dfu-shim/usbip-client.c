/* See usbip-client.h. */
#define _GNU_SOURCE
#include "usbip-client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
  kHeaderBytes = 48,
  kNumberOffset = 288, /* bus number, then device number */
  kInterfaceCountOffset = 311,
};

enum { kSubmit = 1, kUnlink = 2, kReplySubmit = 3, kReplyUnlink = 4 };
enum { kOperationImport = 3, kOperationList = 5 };
enum { kStatusPipe = -32 };

static uint32_t get_u32(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return ntohl(value);
}

static void put_u32(uint8_t *bytes, uint32_t value) {
  value = htonl(value);
  memcpy(bytes, &value, sizeof value);
}

/* 0, kErrorTimeout before the first byte only, or kErrorNoDevice. */
static int read_all(int socket, void *target, size_t count) {
  size_t done = 0;
  while (done < count) {
    ssize_t got = read(socket, (uint8_t *)target + done, count - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && done == 0) return kErrorTimeout;
    if (got <= 0) return kErrorNoDevice;
    done += (size_t)got;
  }
  return kSuccess;
}

static int write_all(int socket, const void *source, size_t count) {
  size_t done = 0;
  while (done < count) {
    ssize_t put = send(socket, (const uint8_t *)source + done, count - done, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return kErrorNoDevice;
    done += (size_t)put;
  }
  return kSuccess;
}

static int connect_to_server(void) {
  const char *port = getenv("USBIP_SHIM_PORT");
  if (port == NULL) return -1;
  int one = 1, server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (server < 0) return -1;
  setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(server, (struct sockaddr *)&address, sizeof address) == 0) return server;
  close(server);
  return -1;
}

static void put_operation(uint8_t *bytes, uint8_t operation) {
  memset(bytes, 0, 8);
  bytes[0] = 0x01;
  bytes[1] = 0x11;
  bytes[2] = 0x80;
  bytes[3] = operation;
}

void usbip_leave(device *one) {
  if (one->socket >= 0) close(one->socket);
  one->socket = -1;
}

static void set_read_timeout(const device *one, unsigned timeout_ms) {
  struct timeval limit = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
  setsockopt(one->socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

static int submit(device *one, const uint8_t setup[8], const uint8_t *data, int count) {
  uint8_t message[kHeaderBytes + kControlDataBytesMax] = {0};
  int incoming = (setup[0] & 0x80) != 0;
  put_u32(message, kSubmit);
  put_u32(message + 4, ++one->sequence);
  put_u32(message + 8, get_u32(one->record + kNumberOffset) << 16 | get_u32(one->record + kNumberOffset + 4));
  put_u32(message + 12, (uint32_t)incoming);
  put_u32(message + 24, (uint32_t)count);
  memcpy(message + 40, setup, 8);
  if (!incoming && count > 0) memcpy(message + kHeaderBytes, data, (size_t)count);
  return write_all(one->socket, message, (size_t)(kHeaderBytes + (incoming ? 0 : count)));
}

/* One reply; bytes read, or an error. `data` takes at most `count` bytes. */
static int take_reply(device *one, int incoming, uint8_t *data, int count, uint32_t *kind) {
  uint8_t header[kHeaderBytes];
  int error = read_all(one->socket, header, sizeof header);
  if (error != kSuccess) return error;
  *kind = get_u32(header);
  int status = (int)get_u32(header + 20), actual = (int)get_u32(header + 24);
  if (*kind != kReplySubmit) return kSuccess;
  if (incoming && status == 0 && (actual < 0 || actual > count)) return kErrorNoDevice;
  if (incoming && status == 0 && actual > 0) error = read_all(one->socket, data, (size_t)actual);
  if (error != kSuccess) return kErrorNoDevice;
  if (status == kStatusPipe) return kErrorPipe;
  return status == 0 ? actual : kErrorIo;
}

/* Takes the transfer back; what arrives for it meanwhile is dropped. */
static void cancel(device *one, int incoming) {
  uint8_t message[kHeaderBytes] = {0}, dropped[kControlDataBytesMax];
  uint32_t victim = one->sequence, kind = 0;
  put_u32(message, kUnlink);
  put_u32(message + 4, ++one->sequence);
  put_u32(message + 20, victim);
  set_read_timeout(one, 0);
  if (write_all(one->socket, message, sizeof message) != kSuccess) return;
  while (kind != kReplyUnlink)
    if (take_reply(one, incoming, dropped, sizeof dropped, &kind) == kErrorNoDevice) return;
}

int usbip_control(device *one, const uint8_t setup[8], unsigned char *data, unsigned timeout_ms) {
  uint32_t kind = 0;
  int incoming = (setup[0] & 0x80) != 0, count = setup[6] | setup[7] << 8;
  if (one->socket < 0) return kErrorNoDevice;
  if (count > kControlDataBytesMax) return kErrorNoMem;
  set_read_timeout(one, timeout_ms);
  int result = submit(one, setup, data, count);
  if (result == kSuccess) result = take_reply(one, incoming, data, count, &kind);
  if (result == kErrorTimeout) cancel(one, incoming);
  if (result == kErrorNoDevice) usbip_leave(one);
  return result;
}

static int configure_once(device *one) {
  static const uint8_t kGetDescriptor[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};
  static const uint8_t kGetConfiguration[8] = {0x80, 8, 0, 0, 0, 0, 1, 0};
  static const uint8_t kSetConfiguration[8] = {0x00, 9, 1, 0, 0, 0, 0, 0};
  uint8_t configuration = 0;
  if (usbip_control(one, kGetDescriptor, (unsigned char *)&one->descriptor, 5000) != 18) return kErrorIo;
  if (usbip_control(one, kGetConfiguration, &configuration, 5000) != 1) return kErrorIo;
  return configuration != 0 ? kSuccess : usbip_control(one, kSetConfiguration, NULL, 5000);
}

int usbip_import(device *one) {
  uint8_t request[8 + kBusIdBytes], reply[8];
  put_operation(request, kOperationImport);
  memcpy(request + 8, one->record + kBusIdOffset, kBusIdBytes);
  one->socket = connect_to_server();
  if (one->socket < 0) return kErrorNoDevice;
  if (write_all(one->socket, request, sizeof request) == kSuccess &&
      read_all(one->socket, reply, sizeof reply) == kSuccess && get_u32(reply + 4) == 0 &&
      read_all(one->socket, one->record, sizeof one->record) == kSuccess && configure_once(one) >= 0)
    return kSuccess;
  usbip_leave(one);
  return kErrorNoDevice;
}

int usbip_list(struct exported found[kDevicesMax]) {
  uint8_t request[8], reply[12], face[4];
  int count = 0, server = connect_to_server();
  if (server < 0) return kErrorNoDevice;
  put_operation(request, kOperationList);
  int error = write_all(server, request, sizeof request);
  if (error == kSuccess) error = read_all(server, reply, sizeof reply);
  for (uint32_t left = error == kSuccess ? get_u32(reply + 8) : 0; left > 0 && count < kDevicesMax; left--) {
    error = read_all(server, found[count].record, kDeviceRecordBytes);
    for (int faces = found[count].record[kInterfaceCountOffset]; faces > 0 && error == kSuccess; faces--)
      error = read_all(server, face, sizeof face);
    if (error != kSuccess) break;
    count++;
  }
  close(server);
  return error == kSuccess ? count : error;
}

uint8_t usbip_bus_number(const device *one) { return (uint8_t)get_u32(one->record + kNumberOffset); }
uint8_t usbip_device_number(const device *one) { return (uint8_t)get_u32(one->record + kNumberOffset + 4); }
