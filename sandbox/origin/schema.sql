-- One region's database. `epoch` and `n` stamp the write that made a row what it is; a lower stamp never wins.
CREATE TABLE IF NOT EXISTS weddings (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, days TEXT NOT NULL, host TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS pages (
    owner TEXT NOT NULL, page TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
    version INTEGER NOT NULL, epoch INTEGER NOT NULL DEFAULT 0, n INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, page)
) STRICT;
CREATE TABLE IF NOT EXISTS guests (
    wedding TEXT NOT NULL REFERENCES weddings (id), number INTEGER NOT NULL, country TEXT NOT NULL, seat INTEGER NOT NULL,
    PRIMARY KEY (wedding, number)
) STRICT;
CREATE TABLE IF NOT EXISTS rsvps (
    wedding TEXT NOT NULL, guest INTEGER NOT NULL, attending INTEGER NOT NULL, menu TEXT NOT NULL,
    epoch INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (wedding, guest), FOREIGN KEY (wedding, guest) REFERENCES guests (wedding, number)
) STRICT;
CREATE TABLE IF NOT EXISTS photos (
    wedding TEXT NOT NULL REFERENCES weddings (id), number INTEGER NOT NULL, caption TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (wedding, number)
) STRICT;
CREATE TABLE IF NOT EXISTS vendors (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, trade TEXT NOT NULL, version INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS bookings (
    wedding TEXT NOT NULL REFERENCES weddings (id), vendor TEXT NOT NULL REFERENCES vendors (id),
    PRIMARY KEY (wedding, vendor)
) STRICT;
-- Every write that this region prepared or holds. `state`: pending (prepared, no effect yet), held (its effect is in the
-- tables above), refused (told the asker that it failed). `acknowledged`: how many regions held it when this region said
-- yes; null where another region answers the asker. `owed`: the other region still has to get it.
CREATE TABLE IF NOT EXISTS writes (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, payload TEXT NOT NULL, epoch INTEGER NOT NULL, n INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'held', 'refused')),
    acknowledged INTEGER, owed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
