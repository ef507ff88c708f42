"""Migrations run up, down and up again, and give exactly the tables that the models say."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from deploy.local.cluster import Cluster
from migrations.models import metadata, owned
from tests.product import ROOT


def test_up_down_up_and_the_same_as_the_models(cluster: Cluster, worker_id: str) -> None:
    name = f"migrated_{worker_id}"
    cluster.prepare_database(name)
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = cluster.url("hereabouts_owner", name)
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    engine = create_engine(config.attributes["url"])
    assert set(inspect(engine).get_table_names()) == {"alembic_version", "spatial_ref_sys"}
    command.upgrade(config, "head")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": owned})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_preparing_a_database_again_changes_nothing(cluster: Cluster, world_database: str) -> None:
    cluster.prepare_database(world_database)
    assert cluster.has_database(world_database)
