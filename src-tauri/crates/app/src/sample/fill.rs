//! Rows of the sample shop, table by table; later tables refer to earlier ones.

use chrono::DateTime;
use rusqlite::{Result, Transaction, params};

use super::random::Random;
use super::words;

/// 2026-11-20 00:00 UTC: the shop's last day, so that the file is the same whenever it is made.
const LAST_DAY: i64 = 1_795_132_800;
const DAY: i64 = 86_400;
const TWO_YEARS: i64 = 730 * DAY;

const CUSTOMERS: i64 = 1_500;
const ORDERS: i64 = 6_000;
const EVENTS: i64 = 40_000;
const REVIEWS: i64 = 1_800;

struct Address {
    id: i64,
    customer: i64,
}

struct Product {
    price: i64,
    slug: String,
}

pub(super) struct Shop<'a> {
    pub tx: &'a Transaction<'a>,
    pub random: Random,
}

fn time(at: i64) -> String {
    DateTime::from_timestamp(at, 0)
        .map(|time| time.format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

fn slug(text: &str) -> String {
    let kept = text.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), "-");
    kept.trim_matches('-').to_owned()
}

impl Shop<'_> {
    pub(super) fn fill(mut self) -> Result<()> {
        let addresses = self.people()?;
        let products = self.shelves()?;
        self.orders(&addresses, &products)?;
        self.reviews(products.len() as i64)?;
        self.events(&products)
    }

    fn people(&mut self) -> Result<Vec<Address>> {
        let mut customer =
            self.tx.prepare("INSERT INTO customers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
        let mut address = self.tx.prepare("INSERT INTO addresses VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        let mut addresses = Vec::new();
        for id in 1..=CUSTOMERS {
            let random = &mut self.random;
            // The first lands of the list have most of the customers.
            let land = &words::LANDS[random.skewed(words::LANDS.len() as i64) as usize];
            let (given, family) = (*random.pick(land.given), *random.pick(land.family));
            let name =
                if land.code == "JP" { format!("{family} {given}") } else { format!("{given} {family}") };
            let email = format!("customer{id}@{}.example", land.code.to_lowercase());
            let company = random.chance(9).then(|| *random.pick(words::COMPANIES));
            let phone = random
                .chance(62)
                .then(|| format!("{} {:07}", land.phone, random.range(1_000_000, 9_999_999)));
            let notes =
                random.chance(4).then_some("Prefers to be called in the afternoon.\nPays by invoice.");
            let since = LAST_DAY - TWO_YEARS + id * (TWO_YEARS - 30 * DAY) / CUSTOMERS + random.range(0, DAY);
            customer.execute(params![
                id,
                email,
                name,
                company,
                phone,
                land.code,
                random.chance(41),
                notes,
                time(since)
            ])?;
            for number in 0..=i64::from(random.chance(22)) {
                let (city, prefix) = random.pick(land.cities);
                let line1 = format!("{} {}", random.pick(land.streets), random.range(1, 180));
                let line2 = random.chance(12).then(|| format!("c/o {}", random.pick(land.family)));
                let kind = if number == 0 { "home" } else { *random.pick(&["work", "gift"]) };
                let postcode = format!("{prefix}{:03}", random.range(0, 1000));
                let address_id = addresses.len() as i64 + 1;
                address.execute(params![address_id, id, kind, line1, line2, postcode, city, land.code])?;
                addresses.push(Address { id: address_id, customer: id });
            }
        }
        Ok(addresses)
    }

    fn shelves(&mut self) -> Result<Vec<Product>> {
        let mut category = self.tx.prepare("INSERT INTO categories VALUES (?1, ?2, ?3, ?4)")?;
        let mut product =
            self.tx.prepare("INSERT INTO products VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
        let mut products: Vec<Product> = Vec::new();
        let mut id = 0;
        for (parent, children) in words::SHELVES {
            id += 1;
            let parent_id = id;
            category.execute(params![id, None::<i64>, parent, slug(parent)])?;
            for (name, noun, low, high, grams) in *children {
                id += 1;
                category.execute(params![id, parent_id, name, slug(&format!("{parent} {name}"))])?;
                for number in 0..10 {
                    let random = &mut self.random;
                    let product_id = products.len() as i64 + 1;
                    // Every trait once a shelf, so that no two products there have the same name.
                    let title = format!("{} {} {noun}", random.pick(words::ORIGINS), words::TRAITS[number]);
                    let price = random.range(*low, *high) / 10 * 10 - 1;
                    let text = format!("{} {}", random.pick(words::SENTENCES), random.pick(words::SENTENCES));
                    let sku = format!("{}-{:04}", noun[..2].to_uppercase(), 1000 + product_id);
                    let weight =
                        random.chance(90).then(|| (*grams + random.range(0, grams / 4 + 1)) as f64 / 1000.0);
                    let stock = if random.chance(6) { 0 } else { random.skewed(400) };
                    let since = LAST_DAY - TWO_YEARS - random.range(0, 200 * DAY);
                    let description = random.chance(93).then_some(text);
                    product.execute(params![
                        product_id,
                        id,
                        sku,
                        title,
                        description,
                        price,
                        weight,
                        stock,
                        !random.chance(5),
                        time(since)
                    ])?;
                    products.push(Product { price, slug: slug(&title) });
                }
            }
        }
        Ok(products)
    }

    fn orders(&mut self, addresses: &[Address], products: &[Product]) -> Result<()> {
        let mut order = self.tx.prepare("INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
        let mut item = self.tx.prepare(
            "INSERT INTO order_items(order_id, line, product_id, quantity, unit_price_cents) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let mut payment = self.tx.prepare("INSERT INTO payments VALUES (NULL, ?1, ?2, ?3, ?4, ?5)")?;
        let mut shipment = self.tx.prepare("INSERT INTO shipments VALUES (NULL, ?1, ?2, ?3, ?4, ?5)")?;
        for id in 1..=ORDERS {
            let random = &mut self.random;
            let placed = LAST_DAY - TWO_YEARS + 20 * DAY + id * (TWO_YEARS - 20 * DAY) / ORDERS
                - random.range(0, DAY / 2);
            // Only customers who had an account by then.
            let known = (addresses.len() as i64 * id / ORDERS).max(20);
            let address = &addresses[random.range(0, known) as usize];
            let lines = 1 + random.skewed(5);
            let mut subtotal = 0;
            let mut items = Vec::new();
            for line in 1..=lines {
                let number = random.skewed(products.len() as i64);
                let quantity = 1 + random.skewed(4);
                // Prices were a little lower once.
                let price = products[number as usize].price - random.range(0, 2) * 50;
                let price = price.max(99);
                subtotal += price * quantity;
                items.push((line, number + 1, quantity, price));
            }
            let shipping = if subtotal > 6_000 { 0 } else { 490 };
            let status = match (LAST_DAY - placed) / DAY {
                0..=1 => *random.pick(&["new", "paid"]),
                2..=5 => *random.pick(&["paid", "shipped", "shipped"]),
                _ if random.chance(4) => "cancelled",
                _ if random.chance(3) => "returned",
                _ => "delivered",
            };
            let note = random.chance(5).then(|| *random.pick(words::GIFT_NOTES));
            let total = subtotal + shipping;
            order.execute(params![
                id,
                format!("S-{}", 100_000 + id),
                address.customer,
                address.id,
                status,
                time(placed),
                shipping,
                total,
                note
            ])?;
            for (line, product, quantity, price) in items {
                item.execute(params![id, line, product, quantity, price])?;
            }
            let method = *random.pick(&["card", "card", "wallet", "transfer", "invoice"]);
            let reference = (method != "invoice").then(|| format!("{:016x}", random.next()));
            let paid = !matches!(status, "new" | "cancelled");
            let paid_at = paid.then(|| time(placed + random.range(30, 2 * DAY / 24)));
            payment.execute(params![id, method, total, reference, paid_at])?;
            if matches!(status, "shipped" | "delivered" | "returned") {
                let sent = placed + random.range(DAY / 4, 2 * DAY);
                let arrived = (status != "shipped").then(|| time(sent + random.range(DAY, 4 * DAY)));
                let tracking = format!("{:012}{id:06}", random.range(0, 1_000_000_000_000));
                shipment.execute(params![id, random.pick(words::CARRIERS), tracking, time(sent), arrived])?;
            }
        }
        Ok(())
    }

    fn reviews(&mut self, products: i64) -> Result<()> {
        let mut review = self.tx.prepare("INSERT INTO reviews VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        for id in 1..=REVIEWS {
            let random = &mut self.random;
            let rating = 5 - random.skewed(5);
            let words = if rating >= 4 { words::PRAISE } else { words::COMPLAINTS };
            let title = random.chance(70).then(|| *random.pick(words::TITLES));
            let body = random.chance(85).then(|| *random.pick(words));
            let at = LAST_DAY - TWO_YEARS + 30 * DAY + id * (TWO_YEARS - 30 * DAY) / REVIEWS
                - random.range(0, DAY);
            review.execute(params![
                id,
                random.skewed(products) + 1,
                random.range(1, CUSTOMERS),
                rating,
                title,
                body,
                time(at)
            ])?;
        }
        Ok(())
    }

    fn events(&mut self, products: &[Product]) -> Result<()> {
        let mut event = self.tx.prepare("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        let mut session = 0;
        let mut customer = None;
        let mut at = 0;
        for id in 1..=EVENTS {
            let random = &mut self.random;
            // A visit is a handful of events close together.
            if id == 1 || random.chance(18) {
                session = random.next();
                customer = random.chance(45).then(|| random.range(1, CUSTOMERS));
                at = LAST_DAY - TWO_YEARS + id * TWO_YEARS / EVENTS;
            }
            at += random.range(2, 90);
            let product = &products[random.skewed(products.len() as i64) as usize];
            let (kind, path, properties) = match random.range(0, 100) {
                0..=44 => ("view", format!("/products/{}", product.slug), None),
                45..=64 => ("view", "/".to_owned(), None),
                65..=79 => {
                    let wanted = *random.pick(words::ORIGINS);
                    (
                        "search",
                        "/search".to_owned(),
                        Some(format!("{{\"q\":\"{wanted}\",\"hits\":{}}}", random.range(0, 30))),
                    )
                }
                80..=93 => {
                    let detail = format!("{{\"price_cents\":{},\"quantity\":1}}", product.price);
                    ("add_to_cart", format!("/products/{}", product.slug), Some(detail))
                }
                94..=97 => ("checkout", "/checkout".to_owned(), Some("{\"step\":\"address\"}".to_owned())),
                _ => (
                    "error",
                    "/checkout".to_owned(),
                    Some("{\"code\":402,\"text\":\"card declined\"}".to_owned()),
                ),
            };
            event.execute(params![
                id,
                time(at),
                format!("{session:016x}"),
                customer,
                kind,
                path,
                properties
            ])?;
        }
        Ok(())
    }
}
