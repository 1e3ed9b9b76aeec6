#!/bin/busybox sh
# First process of the guest. Loads the drivers, attaches every device that job/devices names,
# runs job/script.sh and tells the host how it ended. Speaks on the serial line; the words that
# the host looks for carry job/mark.

/bin/busybox mkdir -p /proc /sys /dev /tmp /run /etc /var/run/vhci_hcd /usr/share/hwdata
/bin/busybox --install -s /bin
/bin/busybox touch /usr/share/hwdata/usb.ids
export PATH=/usr/sbin:/usr/bin:/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec </dev/null >/dev/ttyS0 2>&1
stty raw -echo </dev/ttyS0
dmesg -n 1

mark=$(cat /job/mark)
end() { echo "$mark $*"; poweroff -f; }

while read -r module; do
  insmod "/lib/modules/$module" || end "fault module $module was not loaded"
done </lib/modules/order

ip link set lo up
ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0 || end 'fault the network card is missing'

# Devices have their bus, port and no interface in their name: 1-1, not usb1, not 1-1:1.0.
configured() { cat /sys/bus/usb/devices/[0-9]*-[0-9]/bConfigurationValue 2>/dev/null | grep -c 1; }

# Each is configured before the next is attached: usbip reads the state of the whole hub, and fails on a
# device that the kernel is still looking at.
port=3240
count=0
while read -r bus; do
  usbip --tcp-port $port attach -r 10.0.2.100 -b "$bus" || end "fault device $bus was not attached"
  port=$((port + 1))
  count=$((count + 1))
  waited=0
  while [ "$(configured)" -lt $count ]; do
    [ $waited -lt 200 ] || end "fault device $bus was not configured"
    waited=$((waited + 1))
    sleep 0.05
  done
done </job/devices

cd /job/files
echo "$mark begin"
sh /job/script.sh
end "exit $?"
