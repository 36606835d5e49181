"use strict";
// The map's points and cameras, turned by the mouse: drag turns, shift and drag moves, the wheel comes nearer.
const canvas = document.getElementById("world"), ctx = canvas.getContext("2d");
const P = DATA.points, C = DATA.colors, cams = DATA.cameras;
const colored = C.some(c => c), half = Math.min(2, Math.max(.85, 80/Math.sqrt(P.length/3))); // few points are drawn large
// far enough to have the cameras in view, those far off left out
const reach = cams.map(c => Math.hypot(...c.corners[0])).sort((a, b) => a - b)[Math.floor(cams.length*.9)] || 2;
const start = Math.min(20, Math.max(3, 1.9*reach));
let yaw = 0.5, pitch = 0.5, distance = start, target = [0, 0, 0], look = null;
const up = DATA.up;
const side = norm(Math.abs(up[0]) < 0.9 ? cross(up, [1, 0, 0]) : cross(up, [0, 1, 0])), ahead = cross(side, up);
function cross(a, b) { return [a[1]*b[2]-a[2]*b[1], a[2]*b[0]-a[0]*b[2], a[0]*b[1]-a[1]*b[0]]; }
function dot(a, b) { return a[0]*b[0]+a[1]*b[1]+a[2]*b[2]; }
function norm(a) { const l = Math.hypot(a[0], a[1], a[2]) || 1; return [a[0]/l, a[1]/l, a[2]/l]; }
function sum(a, s, b, t, c, u) { return [0, 1, 2].map(i => a[i]*s + b[i]*t + c[i]*u); }
function frame() {
  if (look) return look;
  const out = norm(sum(side, Math.cos(pitch)*Math.sin(yaw), ahead, Math.cos(pitch)*Math.cos(yaw), up, Math.sin(pitch)));
  const eye = [0, 1, 2].map(i => target[i] + distance*out[i]);
  const z = out.map(v => -v), x = norm(cross(z, up)), y = cross(z, x);
  return {eye, x, y, z, focal: 1.2};
}
function draw() {
  const ratio = window.devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
  canvas.width = w*ratio; canvas.height = h*ratio; ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  const f = frame(), scale = f.focal*Math.max(w, h)/1.6;
  const dark = colored || matchMedia("(prefers-color-scheme: dark)").matches, ink = dark ? "#c8ccd2" : "#5b6168";
  const orange = dark ? "#ff7a3c" : "#d9480f";
  if (colored) { ctx.fillStyle = "#1e2227"; ctx.fillRect(0, 0, w, h); } // bright points would be lost on white
  const put = p => {
    const d = [p[0]-f.eye[0], p[1]-f.eye[1], p[2]-f.eye[2]], z = dot(d, f.z);
    return z > 1e-3 ? [w/2 + scale*dot(d, f.x)/z, h/2 + scale*dot(d, f.y)/z, z] : null;
  };
  const seen = [];
  for (let i = 0; i < P.length; i += 3) {
    const q = put([P[i], P[i+1], P[i+2]]);
    if (q) { q.push(C[i/3] || ink); seen.push(q); }
  }
  seen.sort((a, b) => b[2]-a[2]); // near points cover far ones
  for (const q of seen) { ctx.fillStyle = q[3]; ctx.fillRect(q[0]-half, q[1]-half, 2*half, 2*half); }
  for (const cam of cams) {
    const tip = put(cam.corners[0]), rest = cam.corners.slice(1).map(put);
    if (!tip || rest.some(r => !r)) continue;
    ctx.strokeStyle = cam.query ? orange : dark ? "#6fa8d6" : "#7c9ab8"; ctx.lineWidth = cam.query ? 2 : 1;
    ctx.beginPath();
    rest.forEach((r, i) => { const n = rest[(i+1)%4]; ctx.moveTo(tip[0], tip[1]); ctx.lineTo(r[0], r[1]); ctx.lineTo(n[0], n[1]); });
    ctx.stroke();
    if (cam.query) { ctx.fillStyle = orange; ctx.fillText(cam.name, tip[0]+5, tip[1]-5); }
  }
}
let last = null;
canvas.addEventListener("pointerdown", e => { last = [e.clientX, e.clientY]; canvas.setPointerCapture(e.pointerId); });
canvas.addEventListener("pointerup", () => { last = null; });
canvas.addEventListener("pointermove", e => {
  if (!last) return;
  const dx = e.clientX-last[0], dy = e.clientY-last[1]; last = [e.clientX, e.clientY];
  const f = frame(); look = null;
  if (e.shiftKey) target = target.map((t, i) => t - distance*(dx*f.x[i]+dy*f.y[i])/canvas.clientWidth*1.3);
  else { yaw -= dx*.008; pitch = Math.max(-1.55, Math.min(1.55, pitch+dy*.008)); }
  draw();
});
canvas.addEventListener("wheel", e => { e.preventDefault(); look = null; distance *= Math.exp(e.deltaY*.001); draw(); }, {passive: false});
canvas.addEventListener("dblclick", () => { look = null; yaw = pitch = .5; distance = start; target = [0, 0, 0]; draw(); });
document.querySelectorAll("button[data-camera]").forEach(b => b.addEventListener("click", () => {
  const k = cams[+b.dataset.camera], c = k.corners, o = c[0];
  const mid = [0, 1, 2].map(i => (c[1][i]+c[2][i]+c[3][i]+c[4][i])/4 - o[i]);
  const z = norm(mid), x = norm([0, 1, 2].map(i => c[2][i]-c[1][i])), y = cross(z, x);
  look = {eye: o, x, y, z, focal: Math.hypot(...mid)/Math.hypot(...[0, 1, 2].map(i => c[2][i]-c[1][i]))*1.6};
  draw(); canvas.scrollIntoView({block: "center"});
}));
addEventListener("resize", draw);
draw();
