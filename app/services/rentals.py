"""Rentals and returns, by Pagila's rules. The database ensures that an item has one open rental."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.audit import audit
from app.core.auth.identity import Caller
from app.core.database.engine import Database
from app.core.errors import (
    AlreadyExists,
    AppError,
    Conflict,
    CustomerNotFound,
    Forbidden,
    InUse,
    InvalidInput,
    InvalidReference,
    RentalNotFound,
)
from app.repositories.customers import CustomerRepository
from app.repositories.payments import PaymentRepository
from app.repositories.rentals import RENTALS, RentalCheck, RentalRepository
from app.schemas.etags import EntityTags
from app.schemas.rentals import (
    CustomerRentalCreate,
    CustomerRentalQuery,
    RentalCreate,
    RentalQuery,
    RentalRead,
    RentalUpdate,
    ReturnCreate,
    ReturnRead,
)
from app.services.customers import lock_customer, page_of_customer
from app.services.idempotency import Once
from app.services.pagination import Page, page
from app.services.staff import acting_staff_id, required_staff_id

_LARGEST_PAYMENT = Decimal("999.99")
"""The maximum of `payment.amount`: a larger late fee takes several payments."""


class RentalService:
    """Rentals, for one request. Customers see only their own."""

    def __init__(self, database: Database, caller: Caller, *, max_open: int) -> None:
        self._database = database
        self._caller = caller
        self._max_open = max_open

    async def get(self, rental_id: int) -> RentalRead:
        """Return the rental; raises RentalNotFound."""
        async with self._database.reading() as connection:
            return self._read(rental_id, await RentalRepository(connection).find(rental_id))

    async def list(self, query: RentalQuery, *, counted: bool = False) -> Page[RentalRead]:
        """Return a page of rentals."""
        own = {} if self._caller.is_staff else {"owner_id": self._caller.customer_id}
        return await page(self._database, RENTALS, query, counted=counted, within=own)

    async def list_of_customer(
        self, customer_id: int, query: CustomerRentalQuery, *, counted: bool = False
    ) -> Page[RentalRead]:
        """Return a page of a customer's rentals; raises CustomerNotFound."""
        return await page_of_customer(self._database, customer_id, RENTALS, query, counted=counted)

    async def rent(self, command: RentalCreate, once: Once) -> RentalRead:
        """Add a rental; raises InvalidReference, Conflict for a rented item or a customer with too many rentals.

        Raises CustomerNotFound when a customer rents for another one.
        """
        if not self._caller.may_see(command.customer_id):
            raise CustomerNotFound(command.customer_id)
        return await self._rent(command, once, InvalidReference("customer_id", command.customer_id))

    async def rent_to(self, customer_id: int, command: CustomerRentalCreate, once: Once) -> RentalRead:
        """Add a rental for this customer; raises the errors of `rent`, CustomerNotFound."""
        whole = RentalCreate(customer_id=customer_id, **command.set_fields)
        return await self._rent(whole, once, CustomerNotFound(customer_id))

    async def rent_within(self, connection: AsyncConnection, command: RentalCreate) -> RentalRead:
        """Add a rental in this transaction; raises the errors of `rent`, and AlreadyExists for one just rented."""
        if not self._caller.may_see(command.customer_id):
            raise CustomerNotFound(command.customer_id)
        no_customer = InvalidReference("customer_id", command.customer_id)
        return await self._add(connection, command, self._staff_id(command), no_customer)

    def _staff_id(self, command: RentalCreate) -> int | None:
        if command.rental_date is not None:
            self._require_staff("set rental_date")
        of_caller = required_staff_id if self._caller.is_staff else acting_staff_id
        return of_caller(self._caller, command.staff_id)

    async def _rent(self, command: RentalCreate, once: Once, no_customer: AppError) -> RentalRead:
        staff_id = self._staff_id(command)

        async def work(connection: AsyncConnection) -> RentalRead:
            add = partial(self._add, connection, command, staff_id, no_customer)
            return await once.act(connection, command, RentalRead, add)

        try:
            return await self._database.transaction(work)
        except AlreadyExists as conflict:
            # Another request rented the item after our check.
            raise await self._taken(command.inventory_id) from conflict

    async def _add(
        self, connection: AsyncConnection, command: RentalCreate, staff_id: int | None, no_customer: AppError
    ) -> RentalRead:
        """Add the rental; without a staff_id (a customer rents), use the store's manager."""
        # Locked, so that concurrent rentals of one customer cannot exceed the limit.
        customer = await CustomerRepository(connection).lock(command.customer_id)
        if customer is None:
            raise no_customer
        rentals = RentalRepository(connection)
        if staff_id is None:
            staff_id = await rentals.manager_of(command.inventory_id)
        found = await rentals.check(
            inventory_id=command.inventory_id, customer_id=command.customer_id, staff_id=staff_id
        )
        _require_possible(command, staff_id, found, is_active=customer.active)
        self._require_room(command.customer_id, found.open_rentals)
        rental_id = await rentals.add(
            inventory_id=command.inventory_id,
            customer_id=command.customer_id,
            staff_id=staff_id,
            rental_date=command.rental_date or datetime.now(timezone.utc),
        )
        return _read(rental_id, await rentals.find(rental_id))

    async def _taken(self, inventory_id: int) -> Conflict:
        async with self._database.reading() as connection:
            due = await RentalRepository(connection).out_until(inventory_id)
        if due is None:
            return Conflict("Another rental of this inventory item conflicts: try again.")
        return _out(inventory_id, due)

    async def update(self, rental_id: int, command: RentalUpdate, if_match: EntityTags) -> RentalRead:
        """Correct the return date; raises RentalNotFound, PreconditionFailed, InvalidInput, Conflict."""

        async def work(connection: AsyncConnection) -> RentalRead:
            rentals = RentalRepository(connection)
            current = self._read(rental_id, await rentals.lock(rental_id))
            self._require_staff("correct a rental")
            if_match.require(current)
            if command.return_date is None and current.return_date is not None:
                await lock_customer(connection, current.customer_id)
                due = await rentals.out_until(current.inventory_id)
                if due is not None:
                    raise _out(current.inventory_id, due)
                self._require_room(current.customer_id, await rentals.open_rentals_of(current.customer_id))
            _require_order(current.rental_date, command.return_date)
            await rentals.close(rental_id, command.return_date)
            return _read(rental_id, await rentals.find(rental_id))

        return await self._database.transaction(work)

    async def delete(self, rental_id: int, if_match: EntityTags) -> None:
        """Delete the rental; raises RentalNotFound, PreconditionFailed, InUse when it has payments."""

        async def work(connection: AsyncConnection) -> None:
            rentals = RentalRepository(connection)
            current = self._read(rental_id, await rentals.lock(rental_id))
            self._require_staff("delete a rental")
            if_match.require(current)
            if await rentals.has_payments(rental_id):
                raise InUse("payment")
            await rentals.delete(rental_id)

        await self._database.transaction(work)
        audit("record_deleted", kind="rental", id=rental_id)

    async def give_back(self, rental_id: int, command: ReturnCreate, once: Once) -> ReturnRead:
        """Close the rental and charge a late fee; raises RentalNotFound, Conflict when it is closed, InvalidInput.

        When customers return their own rentals, the fee stays on their balance.
        """

        async def work(connection: AsyncConnection) -> ReturnRead:
            take_back = partial(self.return_within, connection, rental_id, command)
            return await once.act(connection, command, ReturnRead, take_back)

        returned = await self._database.transaction(work)
        if once.acted:
            audit("rental_returned", rental_id=rental_id, days_late=returned.days_late, payment_id=returned.payment_id)
        return returned

    async def return_within(self, connection: AsyncConnection, rental_id: int, command: ReturnCreate) -> ReturnRead:
        """Close the rental in this transaction; raises the errors of `give_back`."""
        rentals = RentalRepository(connection)
        returned = command.return_date or datetime.now(timezone.utc)
        rental = await rentals.lock_for_return(rental_id, returned)
        if rental is None or not self._caller.may_see(rental.customer_id):
            raise RentalNotFound(rental_id)
        if command.return_date is not None:
            self._require_staff("set return_date")
        if rental.return_date is not None:
            raise Conflict(f"Rental {rental_id} is already returned.", return_date=rental.return_date)
        _require_order(rental.rental_date, returned)
        staff_id = acting_staff_id(self._caller, command.staff_id)
        if staff_id is not None and not await rentals.has_staff(staff_id):
            raise InvalidReference("staff_id", staff_id)
        await rentals.close(rental_id, returned)
        payments: list[int] = []
        if self._caller.is_staff:
            # Customers cannot record payments: the fee of their own return stays on their balance.
            served_by = rental.staff_id if staff_id is None else staff_id
            payments = await _pay(PaymentRepository(connection), rental, rental.late_fee, served_by)
        return ReturnRead(
            return_date=returned,
            days_late=rental.days_late,
            late_fee=rental.late_fee,
            payment_id=payments[0] if payments else None,
            replacement_cost=rental.replacement_cost if rental.is_lost else Decimal("0.00"),
        )

    def _read(self, rental_id: int, rental: RentalRead | None) -> RentalRead:
        if rental is None or not self._caller.may_see(rental.customer_id):
            raise RentalNotFound(rental_id)
        return rental

    def _require_room(self, customer_id: int, open_rentals: int) -> None:
        """Raise Conflict when the customer (locked) has the maximum number of open rentals."""
        if open_rentals >= self._max_open:
            raise Conflict(
                f"Customer {customer_id} has {open_rentals} open rentals; the limit is {self._max_open} "
                "(MAX_OPEN_RENTALS): return one first.",
                open_rentals=open_rentals,
                max_open_rentals=self._max_open,
            )

    def _require_staff(self, action: str) -> None:
        """Raise Forbidden for customers, who cannot change what they owe."""
        if not self._caller.is_staff:
            raise Forbidden(f"Only staff may {action}.")


def _require_possible(command: RentalCreate, staff_id: int | None, found: RentalCheck, *, is_active: bool) -> None:
    if found.inventory_id is None:
        raise InvalidReference("inventory_id", command.inventory_id)
    if found.staff_id is None:
        raise InvalidReference("staff_id", *([] if staff_id is None else [staff_id]))
    if not is_active:
        raise Conflict(f"Customer {command.customer_id} is not active.")
    if found.out_until is not None:
        raise _out(command.inventory_id, found.out_until)


async def _pay(payments: PaymentRepository, rental: RentalRead, fee: Decimal, staff_id: int) -> list[int]:
    if not fee:
        return []
    whole, rest = divmod(fee, _LARGEST_PAYMENT)
    amounts = [_LARGEST_PAYMENT] * int(whole) + ([rest] if rest else [])
    return await payments.add(
        *amounts,
        customer_id=rental.customer_id,
        staff_id=staff_id,
        rental_id=rental.id,
        payment_date=datetime.now(timezone.utc),
    )


def _read(rental_id: int, rental: RentalRead | None) -> RentalRead:
    if rental is None:
        raise RentalNotFound(rental_id)
    return rental


def _require_order(rented: datetime, returned: datetime | None) -> None:
    if returned is not None and returned < rented:
        raise InvalidInput("return_date must not be before rental_date.", "return_date")


def _out(inventory_id: int, due: datetime) -> Conflict:
    return Conflict(
        f"Inventory item {inventory_id} is rented out; it is due back {due:%Y-%m-%d %H:%M} UTC.", due_date=due
    )
