"""An organisation that is large in places: thousands of open zones, straight into the tables."""

from tests.world import Organisation

SITES = 200
# Places of about 80 m on a wide grid, with ids in the order of their making.
_MANY = """
CREATE OR REPLACE FUNCTION pg_temp.made(n int) RETURNS uuid LANGUAGE sql AS $$
    SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + n), 12, '0')
        || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid $$;
WITH sites AS (
    SELECT pg_temp.made(n) AS id, n AS number FROM generate_series(1, %(sites)s) n
), drawn AS (
    SELECT id, id AS site_id, 'site' AS kind, number FROM sites UNION ALL
    SELECT pg_temp.made(number + %(sites)s * n), id, 'zone', number + %(sites)s * n
    FROM sites CROSS JOIN generate_series(1, %(zones)s / %(sites)s) n
), scopes AS (
    INSERT INTO scopes (id, organisation_id, kind, name, admission, parent_id)
    SELECT id, %(org)s, kind, kind || ' ' || number, 'open', nullif(site_id, id) FROM drawn
)
INSERT INTO places (id, organisation_id, kind, site_id, name, boundary)
SELECT id, %(org)s, kind, site_id, kind || ' ' || number, ST_Multi(ST_Expand(
    ST_SetSRID(ST_MakePoint(120 + number %% 100 * 0.01, 30 + number / 100 * 0.01), 4326), 0.0004))
FROM drawn ORDER BY kind
"""
# With what belongs to each boundary that was drawn: its version, and the forms in which it is sent.
_FORMS = """
INSERT INTO boundary_versions
    (place_id, number, organisation_id, boundary, valid_from, whole, simplified_m, corners, circle)
SELECT id, version, organisation_id, boundary, now(), ST_AsGeoJSON(ST_GeometryN(boundary, 1), 7), 0, 5,
    ARRAY[ST_X(ST_Centroid(boundary)), ST_Y(ST_Centroid(boundary)), 100]
FROM places WHERE organisation_id = %(org)s AND id NOT IN (SELECT place_id FROM boundary_versions)
"""


def open_zones(org: Organisation, zones: int) -> None:
    """Give the organisation so many more open zones, in `SITES` sites."""
    with org.world.owner() as connection:
        connection.exec_driver_sql(_MANY, {"org": str(org.id), "sites": SITES, "zones": zones})
        connection.exec_driver_sql(_FORMS, {"org": str(org.id)})
        connection.exec_driver_sql("ANALYZE")
