"""Queries whose SQL is made once, for what every student's visit asks and stores.

On the last evening Django's compiler takes several times as long as the database: looking up one link with
its class costs 0.6 ms, of which SQLite needs 0.02; storing a declaration 0.19 by `save` and 0.12 by
`store`, of which it needs 0.03.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators  # type: ignore[attr-defined]  # in no stub

Made = TypeVar("Made", bound=Model)

# Reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Slot:
    """Stands among the parameters of the compiled SQL, where a value is bound."""

    name: str


class _Compiled:
    """A queryset's SQL, and how its rows become objects: what Django works out anew for each query."""

    def __init__(self, queryset: QuerySet[Any], connection: BaseDatabaseWrapper) -> None:
        compiler = queryset.query.get_compiler(connection=connection)
        self.sql, self.parameters = compiler.as_sql()
        found = compiler.get_converters(expression for expression, *_ in compiler.select)
        self.converters = [(position, *one) for position, one in found.items()]
        columns = compiler.klass_info["select_fields"]
        self.model, self.columns = compiler.klass_info["model"], slice(columns[0], columns[-1] + 1)
        self.names = [expression.target.attname for expression, *_ in compiler.select[self.columns]]
        self.joined = get_related_populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)

    def object_of(self, row: tuple[Any, ...], connection: BaseDatabaseWrapper) -> Any:
        """Return a row's object, with those that were joined."""
        values = list(row)
        for position, converters, expression in self.converters:
            for convert in converters:
                values[position] = convert(values[position], expression, connection)
        made = self.model.from_db(DEFAULT_DB_ALIAS, self.names, values[self.columns])
        for one in self.joined:
            one.populate(values, made)
        return made


class Prepared(Generic[Made]):
    """A queryset with named slots: `Prepared(lambda pk: Link.objects.filter(pk=pk), pk=BigIntegerField())`.

    An ordinary queryset of a model's objects, compiled at its first call; each call binds other values to it.
    A slot stands for a whole value, not for a pattern: not behind `iexact`, `contains` and their like.
    Annotations and prefetches are not made.
    """

    def __init__(self, build: Callable[..., QuerySet[Made]], **fields: Field) -> None:
        """Take what builds the queryset from an expression for each slot, and each slot's field, its type."""
        self._build, self._fields = build, fields
        self._compiled: dict[str, _Compiled] = {}  # by the database's vendor

    def _compile(self, connection: BaseDatabaseWrapper) -> _Compiled:
        slots = {name: RawSQL("%s", [_Slot(name)]) for name in self._fields}
        return _Compiled(self._build(**slots), connection)

    def all(self, **values: object) -> list[Made]:
        """Return the objects for these values. Raise what the database raises."""
        connection = connections[DEFAULT_DB_ALIAS]
        compiled = self._compiled.get(connection.vendor)
        if compiled is None:
            compiled = self._compiled[connection.vendor] = self._compile(connection)
        bound = {
            name: field.get_db_prep_value(values[name], connection) for name, field in self._fields.items()
        }
        parameters = [bound[one.name] if isinstance(one, _Slot) else one for one in compiled.parameters]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, parameters)
            rows = cursor.fetchall()
        return [compiled.object_of(row, connection) for row in rows]

    def first(self, **values: object) -> Made | None:
        """Return the first object, or None."""
        return next(iter(self.all(**values)), None)


# Writing ------------------------------------------------------------------------------------------


def store(instance: Model) -> None:
    """Store an object, new or not, as `save` does. No signals: the product has none.

    Raise ValueError where it refers to an object that is not stored; else what the database raises.
    """
    # Refuses what refers to nothing yet.
    instance._prepare_related_fields_for_save(operation_name="save")  # type: ignore[attr-defined]  # in no stub
    if instance._state.adding:
        _insert(instance)
    else:
        fields = instance._meta.concrete_fields
        update(instance, (field.attname for field in fields if not field.primary_key))


def insert_if_new(instance: Model) -> bool:
    """Store a new object whose key is given; return False, and store nothing, where its row is there."""
    return _insert(instance, " ON CONFLICT DO NOTHING")


def _insert(instance: Model, on_conflict: str = "") -> bool:
    fields, sql, returns_key = _insert_sql(type(instance), makes_key=instance.pk is None)
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        cursor.execute(sql + on_conflict + returns_key, _values(instance, fields, connection, add=True))
        if returns_key:
            (instance.pk,) = cursor.fetchone()
        stored = bool(returns_key) or cursor.rowcount == 1
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
    return stored


def update(instance: Model, names: Iterable[str]) -> None:
    """Store these fields of an object, as `save(update_fields=…)` does. Raise DatabaseError: no such row."""
    fields, sql = _update_sql(type(instance), tuple(names))
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*_values(instance, fields, connection, add=False), instance.pk])
        if cursor.rowcount != 1:
            raise DatabaseError(f"{type(instance).__name__}: the row to update is gone")


def _values(instance: Model, fields: list[Field], connection: BaseDatabaseWrapper, *, add: bool) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(instance, add), connection) for field in fields]


@lru_cache
def _insert_sql(model: type[Model], *, makes_key: bool) -> tuple[list[Field], str, str]:
    quote, meta = connections[DEFAULT_DB_ALIAS].ops.quote_name, model._meta
    fields = [field for field in meta.concrete_fields if not (makes_key and field.primary_key)]
    columns = ", ".join(quote(field.column) for field in fields)
    slots = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({slots})"  # noqa: S608 - the models' names
    return fields, sql, f" RETURNING {quote(meta.pk.column)}" if makes_key else ""


@lru_cache
def _update_sql(model: type[Model], names: tuple[str, ...]) -> tuple[list[Field], str]:
    quote, meta = connections[DEFAULT_DB_ALIAS].ops.quote_name, model._meta
    fields = [cast(Field, meta.get_field(name)) for name in names]
    changes = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    sql = f"UPDATE {quote(meta.db_table)} SET {changes} WHERE {quote(meta.pk.column)} = %s"  # noqa: S608
    return fields, sql
