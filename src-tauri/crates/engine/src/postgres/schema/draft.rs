//! The schema while it is being put together: objects as nodes, found by their catalog address.

use std::collections::{BTreeSet, HashMap, HashSet};

use holdfast_contract::snapshot::{Phase, TableName};

use super::catalog::{Address, Dependency};
use super::guests::unless_there;
use crate::postgres::sql::Ident;

/// Order among objects that do not need each other; also the families of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Schema,
    Extension,
    AccessMethod,
    Language,
    Collation,
    Type,
    TypeConstraint,
    Function,
    Transform,
    Cast,
    Conversion,
    Operator,
    OperatorFamily,
    OperatorClass,
    TextSearch,
    TextSearchDictionary,
    TextSearchConfiguration,
    Aggregate,
    ForeignServer,
    UserMapping,
    Sequence,
    Table,
    Partition,
    /// The tablespace of a table that is still empty.
    Place,
    Identity,
    Default,
    SequenceOwner,
    View,
    LargeObject,
    // from here on usually after the rows
    SequenceState,
    Key,
    Index,
    IndexPartition,
    TableSetting,
    Check,
    ForeignKey,
    Statistics,
    Trigger,
    Rule,
    Policy,
    RowSecurity,
    ExtensionTie,
    Publication,
    PublicationMember,
    Subscription,
    Comment,
    Owner,
    /// Before other grants: who passes a grant on must see into the schema.
    SchemaGrant,
    Grant,
    DefaultPrivileges,
    Database,
    RoleSetting,
    Refresh,
    EventTrigger,
}

/// Why something is not in the backup.
#[derive(Clone, Debug)]
pub struct Lost {
    pub reason: String,
    pub by_request: bool,
}

pub struct Node {
    pub kind: &'static str,
    pub rank: Rank,
    pub schema: Option<String>,
    pub name: String,
    pub table: Option<TableName>,
    /// For a statement that attaches `table`.
    pub partition_of: Option<TableName>,
    pub phase: Phase,
    /// Empty for what every database has already (schema `public`).
    pub sql: Vec<String>,
    /// Objects that must exist first, besides what `pg_depend` says.
    pub wants: Vec<Address>,
    /// Indices of nodes that must come first: filled when the draft is linked.
    pub needs: BTreeSet<usize>,
    /// The object of which this is a part or a property (index of table, owner, comment…).
    pub subject: Option<Address>,
    pub lost: Option<Lost>,
    /// A stand-in of the same columns, by which circles through a view are cut.
    pub placeholder: Option<String>,
}

impl Node {
    pub fn new(kind: &'static str, rank: Rank, schema: Option<&str>, name: &str) -> Self {
        let phase = if rank < Rank::SequenceState { Phase::Before } else { Phase::After };
        Self {
            kind,
            rank,
            schema: schema.map(str::to_owned),
            name: name.to_owned(),
            table: None,
            partition_of: None,
            phase,
            sql: Vec::new(),
            wants: Vec::new(),
            needs: BTreeSet::new(),
            subject: None,
            lost: None,
            placeholder: None,
        }
    }
    pub fn sql(mut self, statement: impl Into<String>) -> Self {
        self.sql.push(statement.into());
        self
    }
    pub fn of(mut self, subject: Address) -> Self {
        self.subject = Some(subject);
        self.wants.push(subject);
        self
    }
    /// Part of a table.
    pub fn on(mut self, table: &Relation) -> Self {
        self.table = Some(table.table_name());
        self.of(table.address())
    }
    pub fn lost(mut self, reason: impl Into<String>) -> Self {
        self.lost = Some(Lost { reason: reason.into(), by_request: false });
        self
    }
    /// `table public.orders`.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind, self.full_name())
    }
    pub fn full_name(&self) -> String {
        match (&self.schema, &self.table) {
            (_, Some(table)) if self.rank > Rank::LargeObject => format!("{} on {table}", self.name),
            (Some(schema), _) => format!("{schema}.{}", self.name),
            _ => self.name.clone(),
        }
    }
}

/// How an object is named in COMMENT ON, ALTER … OWNER TO and GRANT … ON, and who owns it.
pub struct Target {
    /// `TABLE "public"."orders"`.
    pub words: String,
    /// None where ownership follows from another object.
    pub owner: Option<String>,
    /// For people: `table public.orders`.
    pub title: String,
}

pub struct Relation {
    pub oid: u32,
    pub schema: String,
    pub name: String,
    /// `relkind`.
    pub kind: char,
    pub is_partition: bool,
}

impl Relation {
    pub fn address(&self) -> Address {
        Address::relation(self.oid)
    }
    pub fn table_name(&self) -> TableName {
        TableName { schema: Some(self.schema.clone()), name: self.name.clone() }
    }
    pub fn quoted(&self) -> String {
        qualified(&self.schema, &self.name)
    }
}

/// `"schema"."name"`.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", Ident(schema), Ident(name))
}

pub struct Draft {
    /// `server_version_num`.
    pub version: u32,
    pub dependencies: Vec<Dependency>,
    pub nodes: Vec<Node>,
    pub targets: HashMap<Address, Target>,
    /// Captured tables, views, sequences and composite types.
    pub relations: HashMap<u32, Relation>,
    /// Column names by table and number.
    pub columns: HashMap<(u32, i32), String>,
    /// Members of extensions, which come with them.
    pub members: HashMap<Address, Address>,
    /// The nodes that make a type known before its functions, by the nodes that make the type whole.
    pub shells: HashMap<usize, usize>,
    /// Tables and sequences of extensions whose contents are the user's.
    pub config_tables: HashSet<u32>,
    /// Tables of extensions, on which users may have put something of their own.
    pub hosts: HashMap<u32, Relation>,
    /// What they put there: made though the table is not.
    pub guests: HashSet<Address>,
    by_address: HashMap<Address, usize>,
    /// Made by another object, with no node to point at.
    accounted: HashSet<Address>,
}

impl Draft {
    pub fn new(version: u32, dependencies: Vec<Dependency>) -> Self {
        let members = dependencies
            .iter()
            .filter(|row| row.kind == 'e')
            .map(|row| (row.from(), row.to()))
            .collect::<HashMap<_, _>>();
        Self {
            version,
            dependencies,
            nodes: Vec::new(),
            targets: HashMap::new(),
            relations: HashMap::new(),
            columns: HashMap::new(),
            members,
            shells: HashMap::new(),
            config_tables: HashSet::new(),
            hosts: HashMap::new(),
            guests: HashSet::new(),
            by_address: HashMap::new(),
            accounted: HashSet::new(),
        }
    }

    /// Adds an object that is nobody's address.
    pub fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
    pub fn add_at(&mut self, address: Address, node: Node) -> usize {
        let index = self.add(node);
        self.by_address.insert(address, index);
        index
    }
    /// The object at `address` is made by this node too.
    pub fn also(&mut self, address: Address, index: usize) {
        self.by_address.entry(address).or_insert(index);
    }
    /// The object at `address` comes by itself with another.
    pub fn account(&mut self, address: Address) {
        self.accounted.insert(address);
    }
    pub fn is_accounted(&self, address: Address) -> bool {
        self.accounted.contains(&address) || self.by_address.contains_key(&address)
    }
    pub fn at(&self, address: Address) -> Option<usize> {
        self.by_address.get(&address).copied()
    }
    /// The table of a part that is captured: one of the draft, or an extension's with the part of a user.
    pub fn home(&self, table: u32, part: Address) -> Option<&Relation> {
        let host = || self.hosts.get(&table).filter(|_| self.guests.contains(&part));
        self.relations.get(&table).or_else(host)
    }
    /// How a part is made: with care for what an extension may have made already.
    pub fn making(&self, part: Address, sql: String) -> String {
        if self.guests.contains(&part) { unless_there(&sql) } else { sql }
    }
    pub fn is_member(&self, class: u32, oid: u32) -> bool {
        self.members.contains_key(&Address::new(class, oid))
    }
    pub fn target(&mut self, address: Address, words: String, owner: Option<String>, title: String) {
        self.targets.insert(address, Target { words, owner, title });
    }
}
