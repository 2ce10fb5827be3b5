CREATE INDEX addresses_by_customer ON addresses(customer_id);
CREATE INDEX products_by_category ON products(category_id);
CREATE INDEX products_active ON products(name) WHERE active = 1;
CREATE INDEX orders_by_customer ON orders(customer_id, placed_at);
CREATE INDEX orders_by_time ON orders(placed_at);
CREATE INDEX order_items_by_product ON order_items(product_id);
CREATE INDEX payments_by_order ON payments(order_id);
CREATE INDEX shipments_by_order ON shipments(order_id);
CREATE INDEX reviews_by_product ON reviews(product_id);
CREATE INDEX events_by_time ON events(at);
CREATE INDEX events_by_customer ON events(customer_id) WHERE customer_id IS NOT NULL;
CREATE VIEW order_overview AS
  SELECT o.id, o.number, o.placed_at, o.status, c.name AS customer, c.country, o.total_cents / 100.0 AS total,
         (SELECT sum(quantity) FROM order_items i WHERE i.order_id = o.id) AS pieces
  FROM orders o JOIN customers c ON c.id = o.customer_id;
CREATE VIEW monthly_revenue AS
  SELECT substr(placed_at, 1, 7) AS month, count(*) AS orders, sum(total_cents) / 100.0 AS revenue
  FROM orders WHERE status NOT IN ('cancelled', 'returned') GROUP BY 1;
CREATE TRIGGER order_status_is_noted AFTER UPDATE OF status ON orders WHEN old.status <> new.status BEGIN
  INSERT INTO order_status_changes(order_id, was, became) VALUES (new.id, old.status, new.status);
END;
CREATE TRIGGER product_search_insert AFTER INSERT ON products BEGIN
  INSERT INTO product_search(rowid, name, description) VALUES (new.id, new.name, new.description);
END;
CREATE TRIGGER product_search_delete AFTER DELETE ON products BEGIN
  INSERT INTO product_search(product_search, rowid, name, description) VALUES ('delete', old.id, old.name, old.description);
END;
CREATE TRIGGER product_search_update AFTER UPDATE ON products BEGIN
  INSERT INTO product_search(product_search, rowid, name, description) VALUES ('delete', old.id, old.name, old.description);
  INSERT INTO product_search(rowid, name, description) VALUES (new.id, new.name, new.description);
END;
INSERT INTO product_search(product_search) VALUES ('rebuild');
ANALYZE;
