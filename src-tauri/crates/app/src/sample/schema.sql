-- A small shop for coffee, tea and what one needs to make them. Money is in cents, times are UTC.
CREATE TABLE customers (
  id          INTEGER PRIMARY KEY,
  email       TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL,
  company     TEXT,
  phone       TEXT,
  country     TEXT NOT NULL CHECK (length(country) = 2),
  newsletter  INTEGER NOT NULL DEFAULT 0 CHECK (newsletter IN (0, 1)),
  notes       TEXT,
  created_at  TEXT NOT NULL
);
CREATE TABLE addresses (
  id          INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers(id) ON DELETE CASCADE,
  kind        TEXT NOT NULL CHECK (kind IN ('home', 'work', 'gift')),
  line1       TEXT NOT NULL,
  line2       TEXT,
  postcode    TEXT NOT NULL,
  city        TEXT NOT NULL,
  country     TEXT NOT NULL
);
CREATE TABLE categories (
  id          INTEGER PRIMARY KEY,
  parent_id   INTEGER REFERENCES categories(id),
  name        TEXT NOT NULL,
  slug        TEXT NOT NULL UNIQUE
);
CREATE TABLE products (
  id          INTEGER PRIMARY KEY,
  category_id INTEGER NOT NULL REFERENCES categories(id),
  sku         TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL,
  description TEXT,
  price_cents INTEGER NOT NULL CHECK (price_cents > 0),
  weight_kg   REAL,
  stock       INTEGER NOT NULL DEFAULT 0,
  active      INTEGER NOT NULL DEFAULT 1,
  created_at  TEXT NOT NULL
);
CREATE TABLE orders (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  number         TEXT NOT NULL UNIQUE,
  customer_id    INTEGER NOT NULL REFERENCES customers(id),
  address_id     INTEGER NOT NULL REFERENCES addresses(id),
  status         TEXT NOT NULL CHECK (status IN ('new', 'paid', 'shipped', 'delivered', 'cancelled', 'returned')),
  placed_at      TEXT NOT NULL,
  shipping_cents INTEGER NOT NULL,
  total_cents    INTEGER NOT NULL,
  gift_note      TEXT
);
CREATE TABLE order_items (
  order_id         INTEGER NOT NULL REFERENCES orders(id) ON DELETE CASCADE,
  line             INTEGER NOT NULL,
  product_id       INTEGER NOT NULL REFERENCES products(id),
  quantity         INTEGER NOT NULL CHECK (quantity > 0),
  unit_price_cents INTEGER NOT NULL,
  line_total_cents INTEGER GENERATED ALWAYS AS (quantity * unit_price_cents) VIRTUAL,
  PRIMARY KEY (order_id, line)
) WITHOUT ROWID;
CREATE TABLE payments (
  id           INTEGER PRIMARY KEY,
  order_id     INTEGER NOT NULL REFERENCES orders(id),
  method       TEXT NOT NULL CHECK (method IN ('card', 'transfer', 'wallet', 'invoice')),
  amount_cents INTEGER NOT NULL,
  reference    TEXT,
  paid_at      TEXT
);
CREATE TABLE shipments (
  id           INTEGER PRIMARY KEY,
  order_id     INTEGER NOT NULL REFERENCES orders(id),
  carrier      TEXT NOT NULL,
  tracking     TEXT NOT NULL UNIQUE,
  shipped_at   TEXT NOT NULL,
  delivered_at TEXT
);
CREATE TABLE reviews (
  id          INTEGER PRIMARY KEY,
  product_id  INTEGER NOT NULL REFERENCES products(id),
  customer_id INTEGER NOT NULL REFERENCES customers(id),
  rating      INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
  title       TEXT,
  body        TEXT,
  created_at  TEXT NOT NULL
);
CREATE TABLE events (
  id          INTEGER PRIMARY KEY,
  at          TEXT NOT NULL,
  session     TEXT NOT NULL,
  customer_id INTEGER REFERENCES customers(id),
  kind        TEXT NOT NULL,
  path        TEXT NOT NULL,
  properties  TEXT
);
CREATE TABLE order_status_changes (
  order_id   INTEGER NOT NULL REFERENCES orders(id) ON DELETE CASCADE,
  was        TEXT NOT NULL,
  became     TEXT NOT NULL,
  changed_at TEXT NOT NULL DEFAULT (datetime('now'))
);
CREATE VIRTUAL TABLE product_search USING fts5(name, description, content='products', content_rowid='id');
