"""The tutorial way: FastAPI with a pydantic model, joblib, pandas, and a commit for every request.

Here: what most introductions to "deploying a model with FastAPI" and "FastAPI with a SQL database" end up with,
put together: all features as optional fields, a pickled classifier, a DataFrame of one row, a session of
SQLAlchemy a request. Every decision is durable here too. Keep out: improvements.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import joblib  # type: ignore[import-untyped]
import pandas as pd
from fastapi import Depends, FastAPI
from pydantic import create_model
from sqlalchemy import JSON, DateTime, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

# From the tutorials' own side: the threshold does not move the time.
THRESHOLD = 0.1

classifier = joblib.load(os.environ["BENCH_CLASSIFIER"])
engine = create_engine(os.environ["BENCH_DATABASE"])
SessionLocal = sessionmaker(bind=engine)


class Base(DeclarativeBase):
    """Tables."""


class PredictionRow(Base):
    """One prediction."""

    __tablename__ = "tutorial_predictions"
    id: Mapped[int] = mapped_column(primary_key=True)
    sk_id_curr: Mapped[int]
    features: Mapped[dict[str, Any]] = mapped_column(JSON)
    probability: Mapped[float]
    decision: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


Base.metadata.create_all(engine)

fields: dict[str, Any] = dict.fromkeys(classifier.feature_name_, (float | None, None))
Application = create_model("Application", SK_ID_CURR=(int, ...), **fields)
Prediction = create_model("Prediction", SK_ID_CURR=(int, ...), probability=(float, ...), decision=(str, ...))

app = FastAPI()


def get_db() -> Iterator[Session]:
    """A session for the request."""
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()


@app.post("/predict", response_model=Prediction)
def predict(application: Application, db: Session = Depends(get_db)) -> Any:  # noqa: ANN401, B008
    """Score, store, answer."""
    data = application.model_dump()
    client = data.pop("SK_ID_CURR")
    frame = pd.DataFrame([data]).astype("float64")
    probability = float(classifier.predict_proba(frame)[0, 1])
    decision = "REFUSED" if probability >= THRESHOLD else "APPROVED"
    db.add(
        PredictionRow(
            sk_id_curr=client,
            features=data,
            probability=probability,
            decision=decision,
            created_at=datetime.now(UTC),
        )
    )
    db.commit()
    return Prediction(SK_ID_CURR=client, probability=probability, decision=decision)
