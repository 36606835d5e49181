"""Writes this folder: python3 make.py (Python 3.11, numpy 2.4). The measures are written after the rules of holidays_map.py,
compute_ap.cpp and the papers of UKBench and NetVLAD, one step at a time and not as the library computes them."""
import json
from pathlib import Path

import numpy as np

random = np.random.default_rng(5)
expected = {}


def write(name, lines):
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines))


def biased(names, favored, strength):
    """A ranking of all names in which the favored ones tend to stand early."""
    key = {name: random.random() - (strength if name in favored else 0) for name in names}
    return sorted(names, key=key.get)


# Holidays: groups of 2 to 6 images; the authors' file tells the first 40 ranks, the query at its own
groups = {g: [f"{100000 + 100 * g + i}.jpg" for i in range(random.integers(2, 7))] for g in range(15)}
names = [name for group in groups.values() for name in group]
write("holidays.txt", names)
dat, csv, sum_ap = [], [], 0.0
for group in groups.values():
    ranking = biased(names, group, 0.5)
    csv.append(",".join([group[0]] + ranking))
    results = list(enumerate(ranking))[:40]
    random.shuffle(results)  # the authors' script sorts
    dat.append(group[0] + " " + " ".join(f"{rank} {name}" for rank, name in results))
    shift, positives, ap = 0, [], 0.0
    for rank, name in sorted(results):
        if name == group[0]:
            shift = -1
        elif name in group:
            positives.append(rank + shift)
    for found, rank in enumerate(positives):
        left = 1.0 if rank == 0 else found / rank
        right = (found + 1) / (rank + 1)
        ap += (left + right) / (len(group) - 1) / 2
    sum_ap += ap
write("holidays.dat", dat)
write("holidays.csv", csv)
expected["holidays first 40"] = sum_ap / len(groups)

# Oxford5k: four queries, whose image is among the good ones
names = [f"place_{i:06d}" for i in range(50)]
rows, aps = [], []
for number, query in enumerate(["arch_1", "arch_2", "tower_1", "tower_2"]):
    chosen = [names[number]] + [names[4 + i] for i in random.permutation(46)[:13]]
    good, ok, junk = chosen[:4], chosen[4:9], chosen[9:]
    write(f"oxford/{query}_query.txt", [f"oxc1_{good[0]} 10.5 20.25 300 400.75"])
    for kind, images in (("good", good), ("ok", ok), ("junk", junk)):
        write(f"oxford/{query}_{kind}.txt", images)
    ranking = biased(names, chosen, 0.4)
    rows.append(",".join([query if number % 2 else good[0] + ".jpg"] + [name + ".jpg" for name in ranking]))
    positive = set(good + ok)
    old_recall, old_precision, ap, hits, seen = 0.0, 1.0, 0.0, 0, 0
    for name in ranking:
        if name in junk:
            continue
        hits += name in positive
        recall, precision = hits / len(positive), hits / (seen + 1)
        ap += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
        seen += 1
    aps.append(ap)
write("oxford.csv", rows)
write("oxford.txt", [name + ".jpg" for name in names])
expected["oxford5k"] = float(np.mean(aps))

# UKBench: ten objects
names = [f"ukbench{i:05d}.jpg" for i in range(40)]
rows, scores = [], []
for i, name in enumerate(names):
    group = names[i // 4 * 4:i // 4 * 4 + 4]
    ranking = biased(names, group, 0.7)
    rows.append(",".join([name] + ranking[:10]))
    scores.append(len(set(ranking[:4]) & set(group)))
write("ukbench.csv", rows)
expected["ukbench"] = float(np.mean(scores))

# Places: panoramas of 12 cutouts along a street; half of the queries look along it
meters = np.repeat(np.arange(20) * 18.0, 12)
database = [f"@{550000 + x:.2f}@{4180000.0:.2f}@10@S@{i:04d}@.jpg" for i, x in enumerate(meters)]
where = np.append(random.uniform(0, 342, 29), 5000.0)
queries = [f"@{550000 + x:.2f}@{4180003.0:.2f}@10@S@q{i}@.jpg" for i, x in enumerate(where)]
rows, first, first_panorama = [], [], []
for query in queries:
    east, north = map(float, query.split("@")[1:3])
    right = {d for d in database if (float(d.split("@")[1]) - east) ** 2 + (float(d.split("@")[2]) - north) ** 2 <= 625}
    ranking = biased(database, right, 0.02)
    rows.append(",".join([query] + ranking[:120]))
    first.append(min((r for r, d in enumerate(ranking) if d in right), default=10**9))
    seen, kept = set(), []
    for d in ranking:
        if database.index(d) // 12 not in seen:
            seen.add(database.index(d) // 12)
            kept.append(d)
    first_panorama.append(min((r for r, d in enumerate(kept) if d in right), default=10**9))
write("places.txt", database)
write("places_queries.csv", ["name,east,north"] + [f"{q},{q.split('@')[1]},{q.split('@')[2]}" for q in queries])
write("places.csv", rows)
for n in (1, 5, 10, 20):
    expected[f"recall@{n}"] = float(np.mean(np.array(first) < n))
    expected[f"panoramas recall@{n}"] = float(np.mean(np.array(first_panorama) < n))
write("expected.json", [json.dumps(expected)])
