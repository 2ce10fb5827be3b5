-- A believable PostgreSQL database for the pictures: a few schemas, some rows, one thing that is not captured.
CREATE SCHEMA stock;
CREATE SCHEMA sales;
CREATE TYPE stock.unit AS ENUM ('piece', 'box', 'pallet');
CREATE TABLE stock.sites (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    country char(2) NOT NULL
);
CREATE TABLE stock.articles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number text NOT NULL UNIQUE,
    title text NOT NULL,
    unit stock.unit NOT NULL DEFAULT 'piece',
    price numeric(10, 2) NOT NULL CHECK (price >= 0)
);
CREATE TABLE stock.levels (
    site_id integer NOT NULL REFERENCES stock.sites,
    article_id bigint NOT NULL REFERENCES stock.articles,
    quantity integer NOT NULL,
    counted_at timestamptz NOT NULL,
    PRIMARY KEY (site_id, article_id)
);
CREATE TABLE sales.movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id bigint NOT NULL REFERENCES stock.articles,
    site_id integer NOT NULL REFERENCES stock.sites,
    quantity integer NOT NULL,
    booked_at timestamptz NOT NULL,
    note jsonb
);
CREATE VIEW sales.monthly AS
SELECT date_trunc('month', booked_at) AS month, article_id, sum(quantity) AS quantity
FROM sales.movements GROUP BY 1, 2;

INSERT INTO stock.sites (name, country)
VALUES ('Lübeck', 'DE'), ('Malmö', 'SE'), ('Rotterdam', 'NL'), ('Gdańsk', 'PL');
INSERT INTO stock.articles (number, title, unit, price)
SELECT 'A-' || lpad(n::text, 6, '0'), 'Article ' || n, (ARRAY['piece', 'box', 'pallet'])[1 + n % 3]::stock.unit, (n % 977) + 0.95
FROM generate_series(1, 4000) AS n;
INSERT INTO stock.levels
SELECT s.id, a.id, (a.id * 7 + s.id) % 500, timestamptz '2026-11-01' + a.id * interval '1 minute'
FROM stock.sites AS s, stock.articles AS a;
INSERT INTO sales.movements (article_id, site_id, quantity, booked_at, note)
SELECT 1 + n % 4000, 1 + n % 4, (n % 40) - 20, timestamptz '2026-01-01' + n * interval '4 minutes', jsonb_build_object('order', n)
FROM generate_series(1, 60000) AS n;
CREATE INDEX movements_by_time ON sales.movements (booked_at);
-- Not needed any more, for the pictures of cleaning up.
CREATE INDEX movements_booked_at_idx ON sales.movements (booked_at);
CREATE TABLE public.tmp_import AS SELECT n AS line, md5(n::text) AS text FROM generate_series(1, 20000) AS n;
CREATE PUBLICATION warehouse_feed FOR TABLE sales.movements;
ANALYZE;
