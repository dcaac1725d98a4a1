"""What `make bench` reads is data as the platform would hold it, in the tables as they are now."""

import sys
from pathlib import Path

from sqlalchemy import create_engine, select

from certgraph.certificates.lookup_keys import holder_name_key, number_key, number_lookup_key
from certgraph.certificates.tables import CertificateRow

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def test_certificates_of_the_benchmark_are_found_as_people_look_them_up(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    from reads.data import make

    make(f"sqlite:///{tmp_path}/bench.db", 600)
    engine = create_engine(f"sqlite:///{tmp_path}/bench.db")
    with engine.connect() as connection:
        rows = connection.execute(
            select(
                CertificateRow.number,
                CertificateRow.holder_name,
                CertificateRow.number_key,
                CertificateRow.number_lookup_key,
                CertificateRow.holder_name_key,
            )
        ).all()
    engine.dispose()
    assert len(rows) == 600
    for number, name, *keys in rows:
        assert keys == [number_key(number), number_lookup_key(number), holder_name_key(name)]
