import { expect, test } from "vitest";
import { containerInPath } from "./cgroup-path.ts";

const ID = "3f2a9c1e".repeat(8);
const UID = "5f0c7a6e_2d2b_4f7e_9d3c_0a1b2c3d4e5f";
const SLICE = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID}.slice`;

test.each([
  ["Docker, by cgroupfs", `/docker/${ID}`, ""],
  ["Docker, by systemd", `/system.slice/docker-${ID}.scope`, ""],
  ["Docker, with systemd inside", `/system.slice/docker-${ID}.scope`, "/init.scope"],
  ["cri-dockerd", `${SLICE}/docker-${ID}.scope`, ""],
  ["containerd, by systemd", `${SLICE}/cri-containerd-${ID}.scope`, ""],
  ["containerd, by cgroupfs", `/kubepods/besteffort/pod5f0c7a6e-2d2b-4f7e-9d3c-0a1b2c3d4e5f/${ID}`, ""],
  ["nerdctl", `/system.slice/nerdctl-${ID}.scope`, ""],
  [
    "containerd in a Docker container, as kind has it",
    `/system.slice/docker-${"0".repeat(64)}.scope${SLICE}/cri-containerd-${ID}.scope`,
    "",
  ],
  ["CRI-O, by systemd", `${SLICE}/crio-${ID}.scope`, ""],
  ["CRI-O, with a group below", `${SLICE}/crio-${ID}.scope`, "/container"],
  ["CRI-O, by cgroupfs", `/kubepods/burstable/pod${UID}/crio-${ID}`, ""],
  ["Podman, by systemd", `/machine.slice/libpod-${ID}.scope`, "/container"],
  ["Podman without root", `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`, "/container"],
  ["Podman, by cgroupfs", `/libpod_parent/libpod-${ID}`, ""],
  ["a pod of Podman, by cgroupfs", `/libpod_parent/${"0".repeat(64)}/libpod-${ID}`, ""],
  ["a pod of Podman, by systemd", `/machine.slice/machine-libpod_pod_${"0".repeat(64)}.slice/libpod-${ID}.scope`, "/container"],
  ["Podman, in a service's group", `/system.slice/web.service/libpod-payload-${ID}`, ""],
  ["Docker, seen from another namespace", `/../system.slice/docker-${ID}.scope`, ""],
])("finds a container of %s", (_, path, below) => {
  const isInside = !["", "/container"].includes(below);
  for (const id of [ID, ID.slice(0, 12)]) expect(containerInPath(`${path}${below}`, id)).toEqual({ id: ID, path, isInside });
});

test.each([
  ["what watches it, of CRI-O", `${SLICE}/crio-conmon-${ID}.scope`],
  ["what watches it, of Podman", `/machine.slice/libpod-conmon-${ID}.scope`],
  ["another container", `/docker/${"0".repeat(64)}`],
  ["its id further on", `/docker/0${ID.slice(1)}`],
  ["nothing", "/"],
])("does not take %s for it", (_, path) => {
  expect(containerInPath(path, ID.slice(0, 12))).toBeUndefined();
});

test("finds a container by a name of its own, which is whole, and its last", () => {
  expect(containerInPath("/default/web", "web")).toEqual({ id: "web", path: "/default/web", isInside: false });
  expect(containerInPath(`/docker/${ID}`, "docker")).toBeUndefined();
  expect(containerInPath(`/machine.slice/libpod-${ID}.scope/container`, "container")).toBeUndefined();
  expect(containerInPath("/default/web-2", "web")).toBeUndefined();
  expect(containerInPath("/pods/web-2/web", "web")).toEqual({ id: "web", path: "/pods/web-2/web", isInside: false });
  expect(containerInPath("/system.slice/sshd.service", "system")).toBeUndefined();
});
