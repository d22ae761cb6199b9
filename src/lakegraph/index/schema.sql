-- The index: one row per thing, the words it is found by, what each record said of it, and counters.
-- Everything here can be made again from the journal; an index that another version of this file made is made anew.

CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- Every IRI that the index knows. kind 0: only referred to. Numbers rise in the order in which the lake first named
-- things, which is the order of search results.
CREATE TABLE thing (
  id          INTEGER PRIMARY KEY,
  iri         TEXT NOT NULL UNIQUE,
  record      INTEGER,                     -- the entry that first described it
  shared      INTEGER NOT NULL DEFAULT 0,  -- 1: several records describe it, and saying has what each said
  kind        INTEGER NOT NULL DEFAULT 0,
  time        INTEGER,                     -- started, else created, else recorded; microseconds since 1970, UTC
  title       TEXT,
  description TEXT,
  version     TEXT,
  hub         INTEGER,
  place       INTEGER,                     -- among the versions of the hub: the version, where it is a number
  current     INTEGER,                     -- of a hub: the version that a record declared current,
  declared    INTEGER,                     -- and the entry that did
  status      INTEGER,
  owner       INTEGER,
  stage       INTEGER,
  level       INTEGER,
  algorithm   INTEGER,
  license     INTEGER,
  tags        TEXT,                        -- thing.id of each, space between
  extra       TEXT,                        -- further words: keywords, the names of tags and of the algorithm
  paths       TEXT,                        -- one a line
  checksums   TEXT                         -- one a line, hexadecimal
);
CREATE INDEX thing_latest ON thing (kind, time);
CREATE INDEX thing_gaps ON thing (kind)
  WHERE (description IS NULL) + (owner IS NULL) + (tags IS NULL) + (level IS NULL) > 1;
CREATE INDEX thing_hub ON thing (hub, place, record) WHERE hub IS NOT NULL;

-- Contentless and without positions: a document's rowid is its thing.id, its text is made by terms.py. Besides words it
-- holds marked terms (k=10 for the kind, n=svm for a word of a thing's title, x=… for an exact name …), so that every filter
-- is one more list for FTS5 to intersect, newest first, stopping at the limit.
CREATE VIRTUAL TABLE text USING fts5 (
  terms, content = '', columnsize = 0, detail = none, tokenize = "ascii tokenchars '=@_'"
);

-- Who said what: the part of each record that the index holds, so that taking a record back leaves what others said.
-- A list in each record instead of a row for each mention: records come by the thousand and go one at a time.
CREATE TABLE record (
  graph  TEXT NOT NULL,                    -- its named graph
  seq    INTEGER NOT NULL,
  time   INTEGER NOT NULL,                 -- when it was recorded
  things TEXT NOT NULL,                    -- what it describes: ' 17 ' alone, ' 17:4 ' as description 4 says
  PRIMARY KEY (graph, seq)
) WITHOUT ROWID;
CREATE TABLE description (id INTEGER PRIMARY KEY, digest INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX description_digest ON description (digest); -- CRC-32 of body: a tenth of an index over the text
-- Of a shared thing: each description of it, how many records say it, and the first and last of them.
CREATE TABLE saying (
  thing INTEGER NOT NULL, description INTEGER NOT NULL,
  n INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (thing, description)
) WITHOUT ROWID;

-- Data flow: into a run from what it read (1), out of it into what it made (2), and straight from a thing to what is stated
-- to be derived from it (3). The number is the record's, 24 bits up, and the edge's own in it: a record's edges go together.
CREATE TABLE flow (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, target INTEGER NOT NULL, what INTEGER NOT NULL);
CREATE INDEX flow_down ON flow (source, target, what);
CREATE INDEX flow_up ON flow (target, source, what);

-- Counters, kept up to date by every write. kind 0 counts over all kinds.
CREATE TABLE facet (
  facet INTEGER NOT NULL, kind INTEGER NOT NULL, value INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (facet, kind, value)
) WITHOUT ROWID;
CREATE TABLE facet_name (
  facet INTEGER NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL,
  PRIMARY KEY (facet, name, value)
) WITHOUT ROWID;
-- Every word that things were ever found by; tail is the word turned round, so that a misspelt one is near on one side.
CREATE TABLE word (word TEXT PRIMARY KEY, tail TEXT) WITHOUT ROWID;
CREATE INDEX word_tail ON word (tail) WHERE tail IS NOT NULL;

CREATE TABLE evaluation (
  record INTEGER NOT NULL, n INTEGER NOT NULL,
  measure INTEGER NOT NULL, value REAL NOT NULL,
  model INTEGER NOT NULL, run INTEGER, dataset INTEGER, algorithm INTEGER,
  tasks TEXT NOT NULL,
  PRIMARY KEY (record, n)
) WITHOUT ROWID;
CREATE INDEX evaluation_value ON evaluation (measure, value);
CREATE INDEX evaluation_dataset ON evaluation (dataset, measure, value) WHERE dataset IS NOT NULL;
CREATE INDEX evaluation_model ON evaluation (model);
CREATE TABLE evaluation_task (
  task INTEGER NOT NULL, measure INTEGER NOT NULL, value REAL NOT NULL, record INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (task, measure, value, record, n)
) WITHOUT ROWID;
CREATE TABLE mean (
  measure INTEGER NOT NULL, facet INTEGER NOT NULL, value INTEGER NOT NULL,
  n INTEGER NOT NULL,
  total TEXT NOT NULL,                     -- exact decimal: additions and removals cancel without a rest
  PRIMARY KEY (measure, facet, value)
) WITHOUT ROWID;
