// Objects with constructors and destructors in pool blocks that drivers hold. A driver that never gives one back must
// not keep what the object owns: the kernel destroys it at its end, before the pool goes.
#pragma once

namespace openportcls::executive {

class PoolGuestList;

// A member of such an object.
class PoolGuest {
public:
    using Destroy = void (*)(void* object);

    PoolGuest() = default;
    PoolGuest(const PoolGuest&) = delete;
    PoolGuest& operator=(const PoolGuest&) = delete;
    ~PoolGuest() { leave(); }

    void join(PoolGuestList& list, void* object, Destroy destroy);

private:
    friend class PoolGuestList;
    void leave();

    PoolGuest* next_ = nullptr;
    PoolGuest* previous_ = nullptr;
    void* object_ = nullptr;
    Destroy destroy_ = nullptr;
};

class PoolGuestList {
public:
    PoolGuestList() { anchor_.next_ = anchor_.previous_ = &anchor_; }
    ~PoolGuestList();
    PoolGuestList(const PoolGuestList&) = delete;
    PoolGuestList& operator=(const PoolGuestList&) = delete;

private:
    friend class PoolGuest;
    PoolGuest anchor_;
};

inline void PoolGuest::join(PoolGuestList& list, void* object, Destroy destroy) {
    object_ = object;
    destroy_ = destroy;
    next_ = &list.anchor_;
    previous_ = list.anchor_.previous_;
    previous_->next_ = this;
    list.anchor_.previous_ = this;
}

inline void PoolGuest::leave() {
    if (next_ != nullptr) {
        next_->previous_ = previous_;
        previous_->next_ = next_;
        next_ = previous_ = nullptr;
    }
}

inline PoolGuestList::~PoolGuestList() {
    while (anchor_.next_ != &anchor_) {
        PoolGuest& guest = *anchor_.next_;
        guest.leave();
        guest.destroy_(guest.object_);
    }
    anchor_.next_ = nullptr; // is in no list itself
}

} // namespace openportcls::executive
