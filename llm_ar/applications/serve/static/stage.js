// The large view: a lit body of limbs and joints on a floor, drawn with three.js.

import * as THREE from "./vendor/three.module.js";
import { bones, colors, side } from "./motion.js";

const UP = new THREE.Vector3(0, 1, 0);
const THICKNESS = { torso: 0.036, head: 0.022, left_arm: 0.02, right_arm: 0.02, left_leg: 0.027, right_leg: 0.027 };

export class Stage {
  // Throws where there is no WebGL.
  constructor(canvas) {
    this.canvas = canvas;
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.renderer.shadowMap.enabled = true;
    this.renderer.shadowMap.type = THREE.PCFShadowMap;
    this.renderer.toneMapping = THREE.ACESFilmicToneMapping;
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(32, 1, 0.1, 200);
    this.turn = 0.42;
    this.tilt = 0.16;
    this.zoom = 1;
    this.sky = new THREE.HemisphereLight(0xffffff, 0x8a86a8, 2.2);
    this.sun = new THREE.DirectionalLight(0xffffff, 2.4);
    this.sun.castShadow = true;
    this.sun.shadow.mapSize.set(1024, 1024);
    this.sun.shadow.radius = 5;
    this.sun.shadow.bias = -0.0015;
    this.scene.add(this.sky, this.sun, this.sun.target);
    this.weights = null;
  }

  show(motion) {
    this.motion = motion;
    if (this.body) {
      this.scene.remove(this.body);
      this.body.traverse((part) => { part.geometry?.dispose(); part.material?.dispose(); });
    }
    this.body = new THREE.Group();
    this.scene.add(this.body);
    const { height, radius, middle, floor } = motion;
    this.limbs = [];
    this.knots = [];
    for (let person = 0; person < motion.people; person += 1) {
      for (const bone of bones(motion.skeleton)) {
        const thick = THICKNESS[bone.part] * height;
        const mesh = this.solid(new THREE.CylinderGeometry(thick * 0.92, thick, 1, 20), bone);
        this.limbs.push({ ...bone, person, mesh });
      }
      motion.skeleton.joints.forEach((name, joint) => {
        const part = motion.skeleton.parts[joint];
        const isHead = name === "head" || (name === "nose" && !motion.skeleton.joints.includes("head"));
        const size = (isHead ? 0.062 : THICKNESS[part] * 1.12) * height;
        const mesh = this.solid(new THREE.SphereGeometry(size, 24, 18), { side: side(name), part });
        if (isHead) mesh.scale.set(0.88, 1.12, 0.95);
        this.knots.push({ joint, person, mesh });
      });
    }
    const disc = new THREE.Mesh(new THREE.CircleGeometry(radius * 1.9, 96), new THREE.ShadowMaterial());
    disc.rotation.x = -Math.PI / 2;
    disc.position.set(middle[0], floor - 0.02 * height, middle[2]);
    disc.receiveShadow = true;
    this.disc = disc;
    this.rings = new THREE.Group();
    for (const share of [0.45, 0.9, 1.35]) {
      const ring = new THREE.Mesh(new THREE.RingGeometry(radius * share - 0.008 * radius, radius * share, 128),
        new THREE.MeshBasicMaterial({ transparent: true, opacity: 0.8 }));
      ring.rotation.x = -Math.PI / 2;
      ring.position.copy(disc.position).y += 0.002 * height;
      this.rings.add(ring);
    }
    this.body.add(disc, this.rings);
    this.sun.position.set(middle[0] + radius * 1.6, floor + radius * 4, middle[2] - radius * 2);
    this.sun.target.position.set(...middle);
    const camera = this.sun.shadow.camera;
    camera.left = camera.bottom = -radius * 1.7;
    camera.right = camera.top = radius * 1.7;
    camera.near = 0.1;
    camera.far = radius * 9;
    camera.updateProjectionMatrix();
    this.paint();
  }

  solid(geometry, about) {
    const material = new THREE.MeshStandardMaterial({ roughness: 0.5, metalness: 0.02 });
    const mesh = new THREE.Mesh(geometry, material);
    mesh.castShadow = true;
    mesh.userData = about;
    this.body.add(mesh);
    return mesh;
  }

  // Color the body parts by what the answer loses without them; null for left and right.
  weigh(weights) {
    this.weights = weights;
    this.paint();
  }

  paint() {
    if (!this.body) return;
    const palette = colors();
    const dark = document.documentElement.dataset.theme === "dark";
    const plain = new THREE.Color(dark ? "#5b6272" : "#c9cbd4");
    const middle = new THREE.Color(dark ? "#c3c9d6" : "#6d7280");
    for (const mesh of [...this.limbs, ...this.knots].map((each) => each.mesh)) {
      const { side: where, part } = mesh.userData;
      const color = mesh.material.color;
      if (this.weights) {
        const weight = this.weights[part] ?? 0;
        color.copy(plain).lerp(new THREE.Color(weight < 0 ? palette.against : palette.accent), Math.min(1, Math.abs(weight)));
      } else if (where === "middle") color.copy(middle);
      else color.set(palette[where]);
    }
    for (const ring of this.rings.children) ring.material.color.set(palette.line);
    this.disc.material.opacity = dark ? 0.5 : 0.2;
    this.sky.intensity = dark ? 1.7 : 2.3;
  }

  draw(seconds) {
    const { canvas, motion, camera } = this;
    if (!motion) return;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !height) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    if (canvas.width !== Math.floor(width * ratio) || canvas.height !== Math.floor(height * ratio)) {
      this.renderer.setPixelRatio(ratio);
      this.renderer.setSize(width, height, false);
    }
    camera.aspect = width / height;
    const wide = Math.min(1, camera.aspect * 0.95);
    const away = (motion.radius / Math.sin((camera.fov * Math.PI) / 360) / wide) * 1.18 / this.zoom;
    const [x, y, z] = motion.middle;
    camera.position.set(x + away * Math.sin(this.turn) * Math.cos(this.tilt), y + away * Math.sin(this.tilt),
      z - away * Math.cos(this.turn) * Math.cos(this.tilt));
    camera.lookAt(x, y + motion.height * 0.055, z);
    camera.updateProjectionMatrix();
    const people = motion.at(seconds);
    const from = new THREE.Vector3(), to = new THREE.Vector3();
    for (const { mesh, joint, parent, person } of this.limbs) {
      from.fromArray(people[person][parent]);
      to.fromArray(people[person][joint]);
      mesh.position.copy(from).add(to).multiplyScalar(0.5);
      to.sub(from);
      const length = to.length();
      mesh.visible = length > 1e-4;
      mesh.scale.set(1, length, 1);
      if (mesh.visible) mesh.quaternion.setFromUnitVectors(UP, to.divideScalar(length));
    }
    for (const { mesh, joint, person } of this.knots) mesh.position.fromArray(people[person][joint]);
    this.renderer.render(this.scene, camera);
  }
}
